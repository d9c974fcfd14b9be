//! How telephone systems say who is served first: each in its own unit, some in the other direction.

use super::decide::Decision;

/// A telephone system whose numbers are spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Neutral: 1 = first, and the advantage in seconds.
    Json,
    /// 1 = highest; ageing in seconds beside it.
    AmazonConnect,
    /// One point is about a minute of waiting.
    Genesys,
    /// Higher is first, whatever the wait.
    Twilio,
    /// Higher is first.
    Asterisk,
    /// Seconds waited, one point each.
    Freeswitch,
    /// Knows contacts and no priority.
    Threecx,
    /// 1 to 10, 10 is first.
    Uccx,
}

/// A call's standing in the numbers of one system; none where it has no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    pub priority: Option<u32>,
    pub boost_seconds: Option<u32>,
}

/// The most that Cisco's scripts can set.
const UCCX_HIGHEST: u32 = 10;

impl Dialect {
    pub const ALL: &'static [Self] = &[
        Self::Json,
        Self::AmazonConnect,
        Self::Genesys,
        Self::Twilio,
        Self::Asterisk,
        Self::Freeswitch,
        Self::Threecx,
        Self::Uccx,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::AmazonConnect => "amazon_connect",
            Self::Genesys => "genesys",
            Self::Twilio => "twilio",
            Self::Asterisk => "asterisk",
            Self::Freeswitch => "freeswitch",
            Self::Threecx => "threecx",
            Self::Uccx => "uccx",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|dialect| dialect.word() == word).copied()
    }

    /// What the system has to be told, so that the call has the advantage that the policy gives it.
    pub fn standing(self, decision: &Decision) -> Standing {
        let seconds = decision.advantage_seconds;
        // A started minute counts: an advantage never becomes none.
        let minutes = seconds.div_ceil(60);
        let priority = |priority| Standing {
            priority: Some(priority),
            boost_seconds: None,
        };
        match self {
            Self::Json | Self::AmazonConnect => Standing {
                priority: Some(decision.priority.into()),
                boost_seconds: Some(seconds),
            },
            Self::Genesys | Self::Twilio | Self::Asterisk => priority(minutes),
            Self::Uccx => priority(minutes.saturating_add(1).min(UCCX_HIGHEST)),
            Self::Freeswitch => Standing {
                priority: None,
                boost_seconds: Some(seconds),
            },
            Self::Threecx => Standing::default(),
        }
    }
}
