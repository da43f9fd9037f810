//! What the engine cannot write of a plan: our functions with all that they know, and plans within plans.
//!
//! A function goes with the regulation that it judges by, so that a node needs none of its own, and no two jobs see each other's.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::physical_plan::{AsExecutionPlan as _, PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::PhysicalPlanNode;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::build::Build;
use super::hello;
use super::losses::Losses;
use super::nested::{NestedExec, Says};
use super::piece::{self, Kind};
use crate::regulation::Regulation;
use crate::session::library::{Known, Library};
use crate::store::fingerprint;

/// A node keeps so many regulations ready.
const KEPT: usize = 32;
/// No regulation is longer.
const LONGEST: u64 = 16 << 20;

/// What a function is made of.
const OF_REGULATION: u8 = 1;
const OF_ORDER: u8 = 2;
const OF_SPANS: u8 = 3;

/// A regulation as it is sent, and the functions that judge by it.
#[derive(Debug)]
pub(super) struct Law {
    /// A name for its text.
    mark: String,
    packed: Vec<u8>,
    library: Library,
}

impl Law {
    /// Of a regulation.
    pub fn of(regulation: &Regulation) -> Result<Law> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(regulation.text().as_bytes())?;
        let (packed, library) = (packer.finish()?, Library::of(regulation));
        Ok(Law { mark: fingerprint(regulation.text()), packed, library })
    }

    /// Of what [`Law::write`] wrote.
    fn read(packed: &[u8]) -> Result<Law> {
        let mut text = String::new();
        DeflateDecoder::new(packed).take(LONGEST).read_to_string(&mut text)?;
        let regulation = Regulation::parse("the regulation of the job", &text).map_err(|problems| {
            exec_datafusion_err!("the regulation of the job does not fit this node: {problems:?}")
        })?;
        Law::of(&regulation)
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.push(OF_REGULATION);
        into.extend_from_slice(self.mark.as_bytes());
        into.extend_from_slice(&self.packed);
    }
}

/// The codec of all nodes.
#[derive(Debug)]
pub(super) struct Codec {
    ballista: BallistaPhysicalExtensionCodec,
    build: Build,
    losses: Losses,
    /// Whoever asks judges by one regulation.
    own: Option<Arc<Law>>,
    /// A node has those of the jobs that came, the newest last.
    laws: Mutex<Vec<Arc<Law>>>,
}

impl Codec {
    /// Of whoever asks.
    pub fn of(law: Arc<Law>) -> Codec {
        Codec { own: Some(law), ..Codec::of_node(Build::own(), Losses::default()) }
    }

    /// Of a scheduler, with what it tells of executors, or of an executor.
    pub fn of_node(build: Build, losses: Losses) -> Codec {
        let ballista = BallistaPhysicalExtensionCodec::default();
        Codec { ballista, build, losses, own: None, laws: Mutex::default() }
    }

    /// The regulation by which a function judges. `None`: it judges by none.
    fn law(
        &self,
        has: impl Fn(&Library) -> bool,
        is: impl Fn(&Library) -> bool,
        name: &str,
    ) -> Result<Option<Arc<Law>>> {
        if let Some(own) = &self.own {
            return Ok(has(&own.library).then(|| Arc::clone(own)));
        }
        let laws = self.laws.lock().unwrap_or_else(PoisonError::into_inner);
        if !laws.iter().any(|law| has(&law.library)) {
            return Ok(None);
        }
        match laws.iter().rev().find(|law| is(&law.library)) {
            Some(law) => Ok(Some(Arc::clone(law))),
            None => exec_err!("no node knows any more by which regulation {name}() judges; ask again"),
        }
    }

    /// The regulation that was sent with a function.
    fn read_law(&self, sent: &[u8]) -> Result<Arc<Law>> {
        let broken = || exec_datafusion_err!("a function came without its regulation");
        let (mark, packed) = sent.split_at_checked(fingerprint("").len()).ok_or_else(broken)?;
        let mut laws = self.laws.lock().unwrap_or_else(PoisonError::into_inner);
        let law = match laws.iter().position(|law| law.mark.as_bytes() == mark) {
            Some(at) => laws.remove(at),
            None => Arc::new(Law::read(packed)?),
        };
        if law.mark.as_bytes() != mark {
            return Err(broken());
        }
        laws.push(Arc::clone(&law));
        if laws.len() > KEPT {
            laws.remove(0);
        }
        Ok(law)
    }
}

impl PhysicalExtensionCodec for Codec {
    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some((kind, rest)) = piece::read(buf) else {
            return self.ballista.try_decode(buf, inputs, context, converter);
        };
        if kind == Kind::Hello as u8 {
            return Err(hello::answer(&self.build, self.losses.count()));
        }
        let Some(says) = Says::EACH.into_iter().find(|says| says.kind() as u8 == kind) else {
            return exec_err!("this build does not know what a part of the plan is");
        };
        let input = PhysicalPlanNode::try_decode(rest)?.try_into_physical_plan(context, self)?;
        Ok(Arc::new(NestedExec::over(input, says)))
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        self.ballista.try_encode(node, buf, converter)
    }

    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        if let Some(known) = Known::of(node)? {
            let (of, text) = match known {
                Known::Order(text) => (OF_ORDER, text),
                Known::Spans(text) => (OF_SPANS, text),
            };
            buf.push(of);
            buf.extend(text);
            return Ok(());
        }
        let name = node.name();
        let is = |library: &Library| library.scalars.get(name).is_some_and(|function| **function == *node);
        if let Some(law) = self.law(|library| library.scalars.contains_key(name), is, name)? {
            law.write(buf);
        }
        Ok(())
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        match buf.split_first() {
            Some((&OF_REGULATION, sent)) => {
                self.read_law(sent)?.library.scalars.get(name).cloned().ok_or_else(|| unknown(name))
            }
            Some((&OF_ORDER, text)) => Known::Order(text.to_vec()).function(name),
            Some((&OF_SPANS, text)) => Known::Spans(text.to_vec()).function(name),
            _ => Err(unknown(name)),
        }
    }

    fn try_encode_udaf(&self, _: &AggregateUDF, _: &mut Vec<u8>) -> Result<()> {
        // none knows anything but its name: every node has them all
        Ok(())
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        let name = node.name();
        let is = |library: &Library| library.windows.get(name).is_some_and(|function| **function == *node);
        if let Some(law) = self.law(|library| library.windows.contains_key(name), is, name)? {
            law.write(buf);
        }
        Ok(())
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        match buf.split_first() {
            Some((&OF_REGULATION, sent)) => {
                self.read_law(sent)?.library.windows.get(name).cloned().ok_or_else(|| unknown(name))
            }
            _ => Err(unknown(name)),
        }
    }
}

fn unknown(name: &str) -> DataFusionError {
    exec_datafusion_err!("this node has no function {name}()")
}
