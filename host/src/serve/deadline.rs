//! What a client must do, and by when: the kinds of deadlines, how a turn changes them, and how
//! long they are. What happens when a client misses one is in `driver/expiry`.

use std::time::Duration;

use crate::options::serve::ServeOptions;
use crate::serve::timer_wheel::Ticks;

/// How long a client may take nothing of what is ready before that becomes a backlog. A client that
/// reads while it sends takes something sooner.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a client must do before its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deadline {
    /// Send the whole request.
    Request,
    /// Send anything.
    SignOfLife,
    /// Send anything: it was sent a Ping.
    Answer,
    /// Take something of what is ready for it: a client that does not may have to send more before
    /// it reads.
    Patience,
    /// Send more of the frame that it has begun, or take more of what is ready for it.
    Progress,
    /// End the message that it has begun: the server stops, or its time is over.
    EndOfMessage,
    /// End the connection, which one side has closed, or take its last response.
    End,
    /// Nothing: it is on the test path, where its alarm says when it gets a turn.
    Alarm,
}

/// The signs of life that a client has given since its deadline was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// None since it was sent a Ping.
    Pinged,
    /// None.
    Silent,
    /// It has sent bytes, or taken some that waited.
    Heard,
}

/// How a turn changes a client's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeadlineChange {
    /// It stays as it is.
    Keep,
    /// The client has the whole time for this, from now on.
    Restart(Deadline),
    /// The client has a part of the time for this, another part than other clients: those that
    /// connect together are not pinged together.
    Spread(Deadline),
}

/// What follows from a client's turn. (In this order, one comparison shows that nothing has
/// changed: otherwise an echo costs 5 instructions more.)
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) next: Next,
    pub(crate) deadline: DeadlineChange,
}

impl Turn {
    /// The client waits for the next event, and its deadline stays as it is.
    pub(crate) const NOTHING_CHANGED: Self = Self {
        next: Next::Idle,
        deadline: DeadlineChange::Keep,
    };
}

/// When a client gets its next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// With the next event of its transport.
    Idle,
    /// After the other clients: there may be more to receive.
    Requeue,
    /// Never: it must be dropped.
    Close,
    /// With the next event of its transport, or with its alarm, which may have changed.
    Alarm,
}

impl Deadline {
    /// What an idle client must do.
    #[inline]
    pub(crate) fn of_idle(liveness: Liveness) -> Self {
        match liveness {
            Liveness::Pinged => Self::Answer,
            Liveness::Silent | Liveness::Heard => Self::SignOfLife,
        }
    }
}

impl Liveness {
    /// After the client has sent bytes, or taken some that waited.
    #[inline]
    pub(crate) fn after_activity(self) -> Self {
        match self {
            // From now on it may be silent for as long as any other.
            Self::Pinged => Self::Silent,
            Self::Silent | Self::Heard => Self::Heard,
        }
    }
}

impl DeadlineChange {
    /// How the deadline of an idle client changes if it gives a sign of life and is idle again.
    #[inline]
    pub(crate) fn of_idle(before: Liveness) -> Self {
        match before {
            Liveness::Pinged => Self::Restart(Deadline::SignOfLife),
            // Signs of life are looked for when the deadline expires: a busy client costs nothing.
            Liveness::Silent | Liveness::Heard => Self::Keep,
        }
    }

    /// How a turn changes the deadline that was `before`, if it would now be `after`.
    pub(crate) fn between(before: Deadline, after: Deadline, has_progressed: bool) -> Self {
        match (before, after) {
            _ if before == after && has_progressed => Self::Restart(after),
            _ if before == after => Self::Keep,
            (Deadline::Request, Deadline::SignOfLife) => Self::Spread(after),
            _ => Self::Restart(after),
        }
    }

    /// The same after the deadline has expired: then it cannot be kept.
    pub(crate) fn after_expiry(self, after: Deadline) -> Self {
        match self {
            Self::Keep => Self::Restart(after),
            changed => changed,
        }
    }
}

/// How long clients have, for each kind of deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    request: Ticks,
    /// `None` if no signs of life are asked for.
    silence: Option<Ticks>,
    answer: Ticks,
    patience: Ticks,
    /// `None` if clients may stop inside a frame for as long as they like.
    stall: Option<Ticks>,
    end: Ticks,
    /// `None` if only a server that stops asks clients to end their messages: see
    /// `Clients::give_up`.
    end_of_message: Option<Ticks>,
}

impl Timeouts {
    pub(crate) fn new(options: &ServeOptions) -> Self {
        Self {
            request: Ticks::at_least(options.handshake_timeout),
            silence: options.ping_interval.map(Ticks::at_least),
            answer: Ticks::at_least(options.ping_timeout),
            patience: Ticks::at_least(PATIENCE),
            stall: options.stall_timeout.map(Ticks::at_least),
            end: Ticks::at_least(options.close_timeout),
            end_of_message: options
                .drain
                .max_lifetime
                .map(|_| Ticks::at_least(options.drain.timeout)),
        }
    }

    /// How long ago a client has connected that has this left to send its request.
    pub(crate) fn since_connected(&self, left: Ticks) -> Duration {
        self.request.duration().saturating_sub(left.duration())
    }

    /// How long a client has; `None` for as long as it likes.
    pub(crate) fn of(&self, deadline: Deadline) -> Option<Ticks> {
        match deadline {
            Deadline::Request => Some(self.request),
            Deadline::SignOfLife => self.silence,
            Deadline::Answer => Some(self.answer),
            Deadline::Patience => Some(self.patience),
            Deadline::Progress => self.stall,
            Deadline::EndOfMessage => self.end_of_message,
            Deadline::Alarm => None,
            Deadline::End => Some(self.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_restarts_when_its_kind_changes_and_with_progress_inside_a_frame() {
        use Deadline::{Answer, End, Progress, Request, SignOfLife};
        use DeadlineChange::{Keep, Restart, Spread};
        for (before, after, has_progressed, change) in [
            (Request, Request, false, Keep),
            (Request, SignOfLife, false, Spread(SignOfLife)),
            (Request, Progress, true, Restart(Progress)),
            (SignOfLife, SignOfLife, false, Keep),
            (SignOfLife, Answer, false, Restart(Answer)),
            (Answer, SignOfLife, false, Restart(SignOfLife)),
            (SignOfLife, Progress, false, Restart(Progress)),
            (Progress, Progress, false, Keep),
            (Progress, Progress, true, Restart(Progress)),
            (Progress, SignOfLife, false, Restart(SignOfLife)),
            (SignOfLife, End, false, Restart(End)),
            (End, End, false, Keep),
        ] {
            let changed = DeadlineChange::between(before, after, has_progressed);
            assert_eq!(changed, change, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn the_rule_for_idle_clients_is_the_general_one() {
        for before in [Liveness::Pinged, Liveness::Silent, Liveness::Heard] {
            let after = before.after_activity();
            let [before_kind, after_kind] = [before, after].map(Deadline::of_idle);
            let general = DeadlineChange::between(before_kind, after_kind, false);
            assert_eq!(DeadlineChange::of_idle(before), general, "{before:?}");
        }
    }
}
