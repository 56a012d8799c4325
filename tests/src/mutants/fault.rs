//! The faults that the server and the client can have.

/// The enum, and the list of all its variants.
macro_rules! faults {
    ($($fault:ident,)*) => {
        /// A fault. The name says what is done wrong; what is right is the rule of the case that
        /// finds it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Fault {
            $($fault,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];
        }
    };
}

faults! {
    // Headers of frames, lengths and masking: RFC 6455 sections 5.1 to 5.3.
    TakesRsv1,
    TakesRsv2,
    TakesRsv3,
    TakesReservedDataOpcodes,
    TakesReservedControlOpcodes,
    TakesWrongMasking,
    MasksWrongly,
    ForgetsMaskPhaseAtCut,
    MasksWithTheSameKey,
    MasksWithZeros,
    SendsLongLengths,
    SendsLongLengthOf65535,
    Sends126In7Bits,
    Sends65536In16Bits,
    Takes16BitsAsSigned,
    Cuts64BitsTo32,
    TakesTopBitOfLength,
    SendsReservedBits,
    SendsReservedOpcode,

    // Fragments: section 5.4.
    DropsEmptyLastFragment,
    DropsEmptyFirstFragment,
    LosesByteAfterControl,
    JoinsMessages,
    TakesBeginningInside,
    TakesContinuationOfNothing,
    EchoesEachFragment,
    EchoesFragmentsAsBinary,
    SendsFragmentsOutOfOrder,
    ControlEndsMessage,

    // Control frames: section 5.5.
    TakesLongControl,
    TakesFragmentedControl,
    NoPongToEmptyPing,
    NoPongToLongestPing,
    NoPongInsideMessage,
    CutsPong,
    ChangesPong,
    PongsAfterMessage,
    PongsOutOfOrder,
    PongsWithoutPayload,
    AnswersPong,
    FailsAtPong,
    SendsFragmentedPong,
    SendsLongPong,

    // Messages: section 5.6.
    NoEchoOfEmptyMessage,
    ChecksBinaryAsText,
    CutsTextAtZero,
    LosesLastByteOfLongMessage,

    // UTF-8: section 8.1.
    ChecksNoText,
    ChecksEachFragmentAlone,
    ChecksFirstFragmentOnly,
    LosesCharacterAtCut,
    TakesSurrogates,
    TakesOverlong,
    TakesBeyondUnicode,
    TakesUnfinishedCharacter,
    TakesLoneContinuation,
    ChecksTextAtEnd,
    ReplacesInvalidText,
    RefusesNoncharacters,
    RefusesFourBytes,
    StripsByteOrderMark,
    ChecksNoReason,
    InvalidTextCode1002,

    // Closing: section 7.
    AnswersCloseWith1005,
    AnswersCloseTwice,
    NoAnswerToClose,
    EndsTcpWithoutClose,
    KeepsTcpOpen,
    ResetsTcp,
    FailsWith1000,
    FailsWith1006,
    FailsWithoutClose,
    TakesCodesBelow1000,
    TakesUnassignedCodes,
    TakesReservedCodes,
    RefusesCodesOf3000,
    RefusesCodesOf4000,
    RefusesLongestReason,
    RefusesEmptyClose,
    TakesOneByteClose,
    EchoesBehindClose,
    PongsBehindClose,
    IgnoresCloseInMessage,
    IgnoresEndOfTcp,

    // The opening handshake of a server: section 4.2, RFC 9110 and RFC 9112.
    WrongAccept,
    KeyNotTrimmed,
    AcceptsWithoutUpgrade,
    AcceptsOtherUpgrade,
    AcceptsWithoutConnection,
    AcceptsWithoutKey,
    AcceptsShortKey,
    AcceptsWithoutVersion,
    AcceptsOtherVersion,
    SaysNoVersion,
    AcceptsWithoutHost,
    AcceptsTwoHosts,
    AcceptsPost,
    AcceptsHttp10,
    AcceptsBlankBeforeColon,
    TakesFoldedLineAsHeader,
    TakesBareCrAsLineEnd,
    AcceptsBody,
    CaseSensitiveNames,
    CaseSensitiveUpgrade,
    CaseSensitiveConnection,
    ConnectionIsNoList,
    UpgradeIsNoList,
    FirstLineOfListOnly,
    RefusesAbsoluteForm,
    NeedsRequestInOnePiece,
    LosesGluedFrames,
    AnswersWithStatus200,
    AnswersWithoutUpgrade,
    AnswersWithoutConnection,
    UnaskedSubprotocol,
    AllSubprotocols,
    UnaskedExtension,
    UnknownExtension,

    // The opening handshake of a client: section 4.1.
    SameKey,
    ShortKey,
    OldVersion,
    RequestWithoutHost,
    RequestWithoutUpgrade,
    TakesWrongAccept,
    TakesMissingAccept,
    TakesOtherCaseOfAccept,
    TakesMissingUpgrade,
    TakesOtherUpgrade,
    TakesMissingConnection,
    TakesStatus200,
    TakesUnaskedSubprotocol,
    TakesUnaskedExtension,

    // Compression: RFC 7692.
    AgreesToUnknownParameters,
    AgreesToDoubledParameters,
    AgreesToWrongBits,
    AgreesToLeadingZeros,
    AgreesToValueOfTakeover,
    AgreesToMalformedExtensions,
    AnswersClientBitsUnasked,
    AnswersMoreBits,
    IgnoresOwnBits,
    IgnoresOwnTakeover,
    ForgetsContext,
    TakesRsv1OnContinuation,
    TakesCompressedControl,
    StopsAtFinalBlock,
    EndsAtEachFragment,
    SendsPlainUnderRsv1,
    SendsRsv1OnEachFragment,
    CompressesPongs,
    TakesInvalidCompression,
    RefusesPlainMessages,
    RefusesStoredBlocks,
    ChecksNoInflatedText,
}

/// The fault that a server or a client has, if it has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults(pub(super) Option<Fault>);

impl Faults {
    /// Whether it has this one.
    pub(super) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }
}
