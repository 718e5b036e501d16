//! What the simulated programs log becomes lines of the trace, with the host and the time of the simulation. Warnings and
//! errors are counted besides: they tell what a run has reached (a torn tail cut, a directory offline).

use crate::{Trace, current, executor::Executor};
use std::{
    fmt::{self, Write},
    sync::Arc,
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Writes log lines into a trace. They are no events: recording must not change what is hashed.
pub(crate) struct Recorder {
    pub(crate) trace: Arc<Trace>,
    pub(crate) executor: Arc<Executor>,
    /// The least important level that is wanted.
    pub(crate) most: Level,
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = *event.metadata().level();
        if level > self.most {
            return; // asked for by another thread's recorder
        }
        let mut line = Line::default();
        event.record(&mut line);
        if level <= Level::WARN {
            self.trace.reached(&format!("{level}: {}", line.message));
        }
        let text = format!("log {level} {} {}{}", event.metadata().target(), line.message, line.fields);
        self.trace.line(self.executor.now(), current::host(), &text);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
