//! Promises that the mock can be told to break, each alone: how errproof shows that it would see it.

use super::{
    input_site::{InputFault, InputSite},
    odd::Odd,
    site::Site,
    turned::Turned,
};
use crate::{contract::neighbour::Neighbour, exchange::message::Request};

/// One broken promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The envelope of one code is wrong.
    Envelope(EnvelopeFault, &'static str),
    /// The API does something else than the page says.
    Behaviour(Behaviour),
    /// A promise is broken at one point alone.
    At(Site, Somewhere),
    /// The error to one odd request is wrong.
    Odd(Odd, EnvelopeFault),
    /// One odd request is answered as if the server had failed.
    OddAs500(Odd),
    /// The envelope of one code is wrong in answers to one kind of request.
    Where(Peculiar, EnvelopeFault, &'static str),
    /// One thing that is wrong with an input is taken wrongly.
    Input(InputSite, InputFault),
    /// Of two things that are wrong at one point the other one is told.
    Turned(Turned),
    /// The envelope of one code is wrong as soon as a key was over its limit.
    Later(EnvelopeFault, &'static str),
}

/// What is peculiar about a request that nothing else is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peculiar {
    /// Both headers hold a key.
    BothHeaders,
    /// The address has a query.
    Query,
}

impl Peculiar {
    /// Whether a request is so.
    #[must_use]
    pub fn is(self, request: &Request) -> bool {
        match self {
            Self::BothHeaders => {
                ["x-api-key", "authorization"].iter().all(|name| request.header(name).is_some())
            }
            Self::Query => request.path.contains('?'),
        }
    }
}

/// What is wrong at one point alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Somewhere {
    /// The envelope of one code.
    Envelope(EnvelopeFault, &'static str),
    /// An error with this code is charged for.
    Charges(&'static str, ChargeTime),
    /// A key is taken that is next to a good one.
    Takes(Neighbour),
    /// A key that nobody has issued is taken from this many-th time on.
    TakesUnknown(u32),
    /// A revoked key is taken from this many-th time on.
    RevokedAlive(u32),
    /// The limit does not hold.
    Unlimited,
    /// A refusal by the limit says the wait wrongly.
    RetryAfter(RetryAfterFault),
    /// The message about credits tells another number.
    Credits(CreditsFault),
}

/// Which number of the message about credits is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what is told")]
pub enum CreditsFault {
    NeedOfAnotherTool,
    NeedIsTheDifference,
    HaveZero,
    HaveOfAnotherAccount,
}

/// When an error is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum ChargeTime {
    AtOnce,
    FiveSecondsLater,
    EverySecondTime,
}

/// What a limit counts apart that it should count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Apart {
    Carriers,
    Paths,
    Methods,
    Queries,
    Addresses,
    Agents,
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
    MessageIsCode,
    MessageIsObject,
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
    Beyond(BeyondFault),
}

/// What is wrong with an error that keeps the page, and that every engineer would mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named for what it does")]
pub enum BeyondFault {
    NoChallenge,
    EmptyChallenge,
    AsksForLogin,
    SetsCookie,
    ForSharedCaches,
    ForAnyCache,
    ForDeliveryNetworks,
    WaitInWords,
    ShortId,
    LongId,
    IdWithSpace,
    OtherIdInHeader,
    EmptyIdInHeader,
    MessageOfCode,
    Hole(&'static str),
    Tells(&'static str),
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
    LimitApart(Apart),
    LimitOfGetAlone,
    LimitButHead,
    LimitButMistaken,
    LimitWindow(u64),
    LimitOnce,
    LimitGrows,
    LimitSharedByBeginning,
    LimitLiftedEarly,
    LimitSharedAtTimes,
    RevokedAliveLater,
    RevokedAliveInSmallLetters,
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
    RefusesExactly,
    ServesFromHalf,
    RaceServesTwo,
    RaceChargesTwice,
    ChargesFailedGeneration,
    ChargesRefusals,
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
    RequestIdOfCaller,
    TellsDigest,
    TellsMd5,
    RevokedByBeginning,
    CountIn32Bits,
    TrimsSpacesOfOtherScripts,
    EscapesBeforeItCounts,
    LooksAtOneLine,
    RefusesCharset,
    CodesInTurkish,
    DocsOfForwardedHost,
    TellsOfBodyWithASlash,
    NoAllow,
    AllowsWhatItRefuses,
    AllFieldsNamed,
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
    ShorterAtFirst,
    WholeWindow,
    LongerAtTimes,
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
