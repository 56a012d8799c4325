//! What is received, on its way to the view: piece by piece, or as whole messages if the view or
//! an expectation needs them.

use std::io;

use ws_echo_core::Fin;

use super::event::{ChatEvent, MessageRole};
use super::expecting::Expecting;
use super::user::{Messages, ReceivedPiece, View};
use super::whole_message::WholeMessage;

/// The messages of one connection.
#[derive(Debug)]
pub(super) struct Inbox<'a, 'b> {
    messages: Messages,
    /// The message that is being received, if it is gathered, and whether it may be the one that is
    /// expected.
    gathering: Option<(WholeMessage, bool)>,
    /// The message that is waited for, if there is one.
    pub(super) expecting: Option<&'a mut Expecting<'b>>,
}

impl<'a, 'b> Inbox<'a, 'b> {
    /// Nothing was received yet.
    pub(super) fn new(view: &dyn View, expecting: Option<&'a mut Expecting<'b>>) -> Self {
        Self {
            messages: if expecting.is_some() {
                Messages::Whole
            } else {
                view.messages()
            },
            gathering: None,
            expecting,
        }
    }

    /// Shows a piece of a message, or keeps it until the message is complete.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    pub(super) fn receive(
        &mut self,
        piece: ReceivedPiece<'_>,
        view: &mut dyn View,
    ) -> io::Result<()> {
        if self.messages == Messages::Pieces {
            return view.show(piece);
        }
        let expecting = self.expecting.as_mut();
        let (mut message, may_be_expected) = self.gathering.take().unwrap_or_else(|| {
            let may_be_expected = expecting.is_some_and(|it| it.begins());
            (WholeMessage::new(piece.kind), may_be_expected)
        });
        message.push(piece.bytes);
        if piece.fin == Fin::More {
            self.gathering = Some((message, may_be_expected));
            return Ok(());
        }
        let expecting = self.expecting.as_mut().filter(|_| may_be_expected);
        let role = if expecting.is_some_and(|it| it.is_match(&message)) {
            MessageRole::Expected
        } else {
            MessageRole::Ordinary
        };
        view.happened(&ChatEvent::Message(&message, role))
    }

    /// Shows what there is of a message whose rest will not be received.
    pub(super) fn end(&mut self, view: &mut dyn View) {
        match self.gathering.take() {
            // If it cannot be shown, the connection is over anyway.
            Some((message, _)) => {
                let _ = view.happened(&ChatEvent::Message(&message, MessageRole::CutOff));
            }
            None => view.end_message(),
        }
    }
}
