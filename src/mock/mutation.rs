//! Promises that the mock can be told to break, each alone: how errproof shows that it would see it.

/// One broken promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The envelope of one code is wrong.
    Envelope(EnvelopeFault, &'static str),
    /// The API does something else than the page says.
    Behaviour(Behaviour),
}

/// What is wrong with an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what it does")]
pub enum EnvelopeFault {
    WrongStatus,
    StatusOk,
    WrongCode,
    UpperCaseCode,
    UnknownCode,
    Field(EnvelopeField, FieldFault),
    DocsHttp,
    DocsOtherHost,
    DocsOtherPath,
    DocsFragment,
    SnakeCaseRequestId,
    Unwrapped,
    ErrorText,
    ErrorList,
    Html,
    TextPlain,
    NoContentType,
    ByteOrderMark,
    Truncated,
    TwoDocuments,
    EmptyBody,
    InvalidUtf8,
}

/// A field of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the page names them")]
pub enum EnvelopeField {
    Code,
    Message,
    Docs,
    RequestId,
}

impl EnvelopeField {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Code, Self::Message, Self::Docs, Self::RequestId];

    /// Its name in the envelope.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Message => "message",
            Self::Docs => "docs",
            Self::RequestId => "requestId",
        }
    }
}

/// What a field holds in place of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what is there")]
pub enum FieldFault {
    Missing,
    Null,
    Empty,
    Number,
    Object,
}

impl FieldFault {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Missing, Self::Null, Self::Empty, Self::Number, Self::Object];
}

/// What the API does otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what it does")]
pub enum Behaviour {
    Limit(u32),
    LimitPerAddress,
    LimitLosesUpdates,
    LimitNeverResets,
    RefusalByGateway,
    RefusalAs503,
    RetryAfter(RetryAfterFault),
    IgnoresBearer,
    IgnoresApiKeyHeader,
    TrimsQuotes,
    TrimsSpaces,
    ShapeUnchecked,
    RevokedAlive,
    RevokedAsInvalid,
    EchoesKey(Echo),
    EchoesKeyOnSuccess,
    TellsValidKey,
    InvalidJsonAsInput,
    InvalidJsonAs500,
    TakesTrailingComma,
    TakesNan,
    FieldNotNamed,
    OtherFieldNamed,
    CreditsSwapped,
    CreditsEqual,
    CreditsAbsent,
    ChargesFailedGeneration,
    TimesOutAfterASecond,
    DeletedWorkspaceAs403,
    PlanAndRegenerationMixedUp,
    PlanGateForEveryone,
    RegenLimitForEveryone,
    NoCreditsForEveryone,
    SuccessRefusedByGateway,
    InputRefusedByGateway,
    RequestIdConstant,
    RequestIdRepeatedOnce,
}

/// What is wrong with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what is there")]
pub enum RetryAfterFault {
    Missing,
    Zero,
    Negative,
    Fraction,
    Date,
    Milliseconds,
    LongerThanWindow,
    ShorterThanTrue,
}

/// Where and how a key is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what it does")]
pub enum Echo {
    InMessage,
    InHeader,
    PercentEncoded,
    Base64,
}
