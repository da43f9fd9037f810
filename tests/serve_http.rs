//! `voronka serve --http` as browsers, scripts and attackers meet it: the binary is started, and asked over plain sockets.

mod attacks;
mod pages;
mod people;
mod server;
#[cfg(unix)]
mod stops;
