//! Doors for other programs: who may come in, whose rows they see, how much they may take, and how they are listened for.
//!
//! `pg` and `http` speak to clients; what they have in common is here. Why as it is: `docs/decisions/serve.md`.
//! Leaves to others: arguments, the terminal, the clock and signals' meaning (cli).

mod error;
pub mod http;
pub mod limits;
pub mod listen;
pub mod pg;
pub mod scram;
pub mod states;
pub mod stop;
pub mod tls;
pub mod tries;
pub mod users;

pub use self::error::ServeError;
pub use self::limits::Limits;
pub use self::listen::{Bound, Door, Seat, listen};
pub use self::states::{Settings, States};
pub use self::stop::Stop;
pub use self::users::{Roll, User, Users};
