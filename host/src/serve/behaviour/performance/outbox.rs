//! What waits for the client: messages, other frames, and what must be done after them, each with
//! the time when it is due. Nothing passes what is begun, or what is due before it.

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use ws_echo_core::CloseCode;

use super::memory::{Memory, Short};
use super::outgoing::Outgoing;
use crate::serve::behaviour::TransportEnd;
use crate::serve::pool::Pool;
use crate::serve::traffic::Traffic;

/// About what a place costs, in bytes: a queue that grows has room for twice as many.
const PLACE_COST: usize = 2 * size_of::<Item>();

/// From how many places on a queue that is empty is given back.
const PLACES_KEPT: usize = 4;

/// Something to send or to do.
#[derive(Debug)]
pub(super) enum Content {
    /// The response to the request, and the greeting that is glued to it.
    Response(Vec<u8>),
    /// Nothing is sent for so long.
    Pause(Duration),
    Message(Outgoing),
    /// Frames as bytes.
    Frames(Vec<u8>),
    Step(Step),
}

/// What must be done when all before it was sent.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The greeting was sent.
    Begin,
    /// A Close was sent that must not be sent.
    NoteWrongClose,
    /// A Close of our own must be sent.
    Close(CloseCode, String),
    /// It was sent, and the client must answer it.
    AwaitClose,
    /// The transport ends.
    End(TransportEnd),
    /// The connection is over, and our side of the transport ends.
    Finish,
}

#[derive(Debug)]
struct Item {
    /// `None` if it is due as soon as the one ahead of it was sent.
    due: Option<Instant>,
    content: Content,
}

impl Item {
    fn cost(&self) -> usize {
        PLACE_COST
            + match &self.content {
                Content::Response(bytes) | Content::Frames(bytes) => bytes.capacity(),
                Content::Message(message) => message.cost(),
                Content::Step(Step::Close(_, reason)) => reason.capacity(),
                Content::Pause(_) | Content::Step(_) => 0,
            }
    }
}

/// All that waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Item>,
    /// How many of the first nothing may pass, whenever it is due.
    fixed: usize,
    /// Whether bytes of the first were made.
    is_begun: bool,
    /// How many bytes of the first were made, if it is bytes.
    made: usize,
    /// Bytes that were made and not sent: the next ones. They end a frame with what is begun.
    made_ready: Vec<u8>,
    /// The messages that end among these, and the bytes of their payloads.
    unsent: Traffic,
}

/// What is first.
#[derive(Debug)]
pub(super) enum First {
    /// Nothing.
    Nothing,
    /// Something that is not due yet.
    Later,
    /// Bytes of the response.
    Response,
    /// Other bytes.
    Frames,
    /// This step.
    Step(Step),
}

impl Outbox {
    /// Whether nothing waits that takes memory.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.made_ready.is_empty()
    }

    /// Adds something that is due at this time, after all that is due before it or then.
    pub(super) fn push(
        &mut self,
        due: Instant,
        content: Content,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        let is_before = |item: &Item| item.due.is_none_or(|other| other <= due);
        // They are in the order of their times.
        let (mut place, mut end) = (self.first_free(), self.queue.len());
        while place < end {
            let middle = place.midpoint(end);
            if self.queue.get(middle).is_some_and(is_before) {
                place = middle + 1;
            } else {
                end = middle;
            }
        }
        let due = Some(due);
        self.insert(place, Item { due, content }, memory, pool)
    }

    /// Adds something that nothing may pass, after all that is like that; `None` if it is due as
    /// soon as the one ahead of it was sent.
    pub(super) fn push_fixed(
        &mut self,
        due: Option<Instant>,
        content: Content,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        let place = self.first_free();
        self.insert(place, Item { due, content }, memory, pool)?;
        self.fixed = place + 1;
        Ok(())
    }

    /// Adds something before all that waits.
    pub(super) fn push_front(
        &mut self,
        content: Content,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        self.insert(0, Item { due: None, content }, memory, pool)?;
        self.fixed += 1;
        Ok(())
    }

    /// The first place that may be passed.
    fn first_free(&self) -> usize {
        self.fixed.max(self.is_begun.into())
    }

    /// When the last is due, if that is known.
    pub(super) fn last_due(&self) -> Option<Instant> {
        self.queue.back()?.due
    }

    fn insert(
        &mut self,
        place: usize,
        item: Item,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        // What it holds is there already, and counted from now on.
        let _granted = memory.take(item.cost(), pool)?;
        self.queue.insert(place.min(self.queue.len()), item);
        Ok(())
    }

    /// When what is first is due: `None` if it is now, or as soon as the client takes it.
    pub(super) fn due(&self) -> Option<Instant> {
        let first = self.queue.front().filter(|_| self.made_ready.is_empty());
        first.and_then(|item| item.due)
    }

    /// What is first now. A step is taken out.
    pub(super) fn first(&mut self, now: Instant, memory: &mut Memory, pool: &mut Pool) -> First {
        loop {
            let Some(item) = self.queue.front_mut() else {
                return if self.made_ready.is_empty() {
                    First::Nothing
                } else {
                    First::Frames
                };
            };
            if let Content::Pause(time) = item.content
                && item.due.is_none()
                && self.made_ready.is_empty()
            {
                item.due = Some(now + time);
            }
            let due = item.due.filter(|due| *due > now);
            match (&item.content, due) {
                (Content::Response(_), None) => return First::Response,
                _ if !self.made_ready.is_empty() => return First::Frames,
                (_, Some(_)) => return First::Later,
                (Content::Message(_) | Content::Frames(_), None) => return First::Frames,
                (Content::Pause(_) | Content::Step(_), None) => {}
            }
            if let Some(Content::Step(step)) = self.pop(memory, pool) {
                return First::Step(step);
            }
        }
    }

    /// Makes the next bytes that are due, until there are `len` of them or the next step comes, and
    /// returns them: all must be [put back](Self::put_back) that are not sent.
    pub(super) fn make(
        &mut self,
        len: usize,
        now: Instant,
        bytes: &mut Vec<u8>,
        memory: &mut Memory,
        pool: &mut Pool,
    ) {
        bytes.clear();
        memory.give_back(self.made_ready.len(), pool);
        bytes.append(&mut mem::take(&mut self.made_ready));
        while bytes.len() < len {
            let room = len - bytes.len();
            let Some(item) = self.queue.front_mut() else {
                break;
            };
            if item.due.is_some_and(|due| due > now) {
                break;
            }
            let is_done = match &mut item.content {
                Content::Response(all) | Content::Frames(all) => {
                    let end = all.len().min(self.made.saturating_add(room));
                    bytes.extend_from_slice(all.get(self.made..end).unwrap_or_default());
                    self.made = end;
                    end == all.len()
                }
                Content::Message(message) => {
                    let len = message.len();
                    if message.produce(room, bytes) {
                        let messages = 1;
                        let bytes = len as u64;
                        self.unsent = self.unsent + Traffic { messages, bytes };
                    }
                    message.is_done()
                }
                Content::Pause(_) | Content::Step(_) => break,
            };
            self.is_begun = true;
            if is_done {
                self.pop(memory, pool);
            }
        }
    }

    /// Takes the first item out, and gives its memory back.
    fn pop(&mut self, memory: &mut Memory, pool: &mut Pool) -> Option<Content> {
        let item = self.queue.pop_front()?;
        memory.give_back(item.cost(), pool);
        self.is_begun = false;
        self.made = 0;
        self.fixed = self.fixed.saturating_sub(1);
        if self.queue.is_empty() && self.queue.capacity() > PLACES_KEPT {
            self.queue = VecDeque::new();
        }
        Some(item.content)
    }

    /// Puts back what was made and not sent.
    pub(super) fn put_back(
        &mut self,
        rest: &[u8],
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        if rest.is_empty() {
            return Ok(());
        }
        let _granted = memory.take(rest.len(), pool)?;
        self.made_ready = rest.to_vec();
        Ok(())
    }

    /// The messages that were sent completely since the last call, if nothing was put back.
    pub(super) fn take_sent(&mut self) -> Traffic {
        if self.made_ready.is_empty() {
            mem::take(&mut self.unsent)
        } else {
            Traffic::default()
        }
    }

    /// Leaves out all but what was made and the rest of the frame that is begun.
    pub(super) fn keep_begun_frame(
        &mut self,
        memory: &mut Memory,
        pool: &mut Pool,
    ) -> Result<(), Short> {
        self.keep_first(memory, pool);
        let Some(Item {
            content: Content::Message(message),
            ..
        }) = self.queue.front()
        else {
            return Ok(());
        };
        let rest = message.rest_of_frame();
        self.pop(memory, pool);
        if rest.is_empty() {
            return Ok(());
        }
        self.push_front(Content::Frames(rest), memory, pool)?;
        self.is_begun = true;
        Ok(())
    }

    /// Leaves out all but what was made and the rest of the message that is begun.
    pub(super) fn keep_begun_message(&mut self, memory: &mut Memory, pool: &mut Pool) {
        self.keep_first(memory, pool);
        if let Some(Item {
            content: Content::Message(message),
            ..
        }) = self.queue.front_mut()
        {
            message.keep_begun_message();
            if message.is_done() {
                self.pop(memory, pool);
            }
        }
    }

    /// Leaves out all but what is begun.
    fn keep_first(&mut self, memory: &mut Memory, pool: &mut Pool) {
        let kept = usize::from(self.is_begun);
        self.fixed = 0;
        while self.queue.len() > kept {
            if let Some(item) = self.queue.pop_back() {
                memory.give_back(item.cost(), pool);
            }
        }
    }

    /// Leaves out all but the end of the transport: a Close is sent, after which no message may
    /// follow.
    pub(super) fn keep_end(&mut self, memory: &mut Memory, pool: &mut Pool) {
        self.fixed = 0;
        self.queue.retain(|item| {
            let is_end = matches!(item.content, Content::Step(Step::End(_) | Step::Finish));
            if !is_end {
                memory.give_back(item.cost(), pool);
            }
            is_end
        });
    }

    /// Leaves out all that was not made.
    pub(super) fn clear(&mut self, memory: &mut Memory, pool: &mut Pool) {
        self.is_begun = false;
        self.keep_first(memory, pool);
    }
}
