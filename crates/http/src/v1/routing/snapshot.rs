//! All numbers with their routes, for a cache at the telephone system: it routes on when we are away.

use crate::book::Book;
use crate::etag::Conditions;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::deciding::without_policy;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use futures_util::stream;
use serde::Serialize;
use std::sync::Arc;
use tiercel_domain::phones::MatchKey;
use tiercel_domain::routing::{self, Caller, Decision, Facts, Policy};
use tiercel_persistence::{DbError, crypto};
use tokio::sync::mpsc;

/// Bytes of one piece of the answer.
const PIECE: usize = 64 * 1024;

/// Pieces that wait for a slow reader.
const WAITING: usize = 4;

/// The first line: what holds for everybody.
#[derive(Debug, Serialize)]
pub struct RoutingSnapshotHead {
    pub policy_id: String,
    pub policy_version: u32,
    pub as_of: String,
    /// The route of callers who are not listed.
    pub default: SnapshotRoute,
    /// Lines that are not for everybody.
    pub lines: Vec<SnapshotLine>,
}

/// A line that is kept for some tiers: whoever has a larger `tier_rank` is rerouted to the own queue.
#[derive(Debug, Serialize)]
pub struct SnapshotLine {
    pub number: String,
    pub lowest_rank: u16,
}

/// A route, with the keys of the look-up.
#[derive(Debug, Serialize)]
pub struct SnapshotRoute {
    /// Empty for who was never evaluated.
    pub tier: String,
    pub tier_rank: u16,
    pub segment: String,
    pub queue: String,
    pub routing_profile: String,
    pub priority: u16,
    pub advantage_seconds: u32,
    pub skills: String,
    pub dedicated_line: String,
    pub preferred_agent: String,
    pub language: String,
    pub greeting: String,
}

/// One number.
#[derive(Debug, Serialize)]
pub struct RoutingSnapshotNumber {
    /// In E.164, or the digits as they were typed.
    pub number: String,
    /// `exact` or `as_typed`.
    pub match_quality: String,
    pub ambiguous: bool,
    pub customer_ref: String,
    #[serde(flatten)]
    pub route: SnapshotRoute,
}

/// Export every number with its route
///
/// For a cache at the telephone system: JSON lines, first what holds for everybody (`default` and
/// `lines`), then one line a number with the keys of the look-up, in no order. Read it every few
/// minutes with the `ETag` in `If-None-Match`: nothing is sent where nothing changed. It has no names
/// and no money, but it has all numbers.
#[utoipa::path(
    tag = "routing",
    responses(
        (status = 200, description = "The numbers; `ETag` in the headers", body = String, content_type = "application/x-ndjson"),
        (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`"),
    )
)]
#[get("/routing/snapshot")]
pub async fn export_routing_snapshot(
    tenant: Tenant<need::RoutingRead>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (book, today) = (tenant.book(), tenant.today());
    let policy = book.policies().routing.on(today);
    let policy = policy.ok_or_else(|| without_policy("routing", today))?;
    let snapshot = Snapshot {
        head: head(policy, today.to_string()),
        policy: Arc::clone(policy),
        book,
        today,
    };
    let keeper = &tenant.hosted().book;
    let known = keeper.tag_of(&snapshot.book, &snapshot.head.as_of);
    let (snapshot, tag) = match known {
        Some(tag) => (snapshot, tag),
        None => {
            let tagged = tokio::task::spawn_blocking(move || {
                let tag = snapshot.tag();
                (snapshot, tag)
            });
            let (snapshot, tag) = tagged.await.map_err(|_| unwritable())?;
            keeper.keep_tag(&snapshot.book, &snapshot.head.as_of, &tag);
            (snapshot, tag)
        }
    };
    let mut response = HttpResponse::Ok();
    if conditions.has_seen(tag.trim_start_matches("W/")) {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .finish());
    }
    response.insert_header((header::ETAG, tag));
    response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
    let pieces = stream::unfold(snapshot.send(), async |mut pieces| {
        let piece = pieces.recv().await?;
        Some((Ok::<_, DbError>(piece), pieces))
    });
    Ok(response
        .content_type("application/x-ndjson")
        .streaming(Box::pin(pieces)))
}

fn unwritable() -> Problem {
    Problem::new(Kind::Internal, "the snapshot could not be written")
}

/// One state of the book, to be told whole.
struct Snapshot {
    head: RoutingSnapshotHead,
    policy: Arc<Policy>,
    book: Arc<Book>,
    today: NaiveDate,
}

impl Snapshot {
    /// The same for the same lines in whatever order: instances do not share one.
    fn tag(&self) -> String {
        let mut sum = digest(&line(&self.head));
        for (key, owners) in self.book.numbers(self.today) {
            let told = line(&self.number(key, owners));
            sum = sum.wrapping_add(digest(&told));
        }
        format!("W/\"{sum:032x}\"")
    }

    /// Written by a thread of its own, no faster than it is read; it ends when nobody reads.
    fn send(self) -> mpsc::Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut piece = line(&self.head);
            for (key, owners) in self.book.numbers(self.today) {
                piece.extend(line(&self.number(key, owners)));
                if piece.len() >= PIECE {
                    let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
                    if sender.blocking_send(full.into()).is_err() {
                        return;
                    }
                }
            }
            // Whoever left does not miss it.
            let _ = sender.blocking_send(piece.into());
        });
        receiver
    }

    fn number(&self, key: &MatchKey, matches: Vec<routing::Match>) -> RoutingSnapshotNumber {
        let facts = Facts {
            caller: Caller::Number,
            matches,
            called: None,
        };
        let decision = routing::decide(&facts, &self.policy);
        let (MatchKey::E164(number) | MatchKey::AsTyped(number)) = key;
        let quality = decision.match_quality.map(|quality| quality.word());
        let customer = decision.customer.map(|id| id.to_string());
        RoutingSnapshotNumber {
            number: number.clone(),
            match_quality: quality.unwrap_or_default().to_owned(),
            ambiguous: decision.ambiguous,
            customer_ref: customer.unwrap_or_default(),
            route: route(decision, self.head.default.tier_rank),
        }
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // These types have nothing that JSON cannot say.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

fn digest(line: &[u8]) -> u128 {
    let hash = crypto::sha256_hex(line);
    let half = hash.get(..32).unwrap_or_default();
    u128::from_str_radix(half, 16).unwrap_or_default()
}

fn head(policy: &Policy, as_of: String) -> RoutingSnapshotHead {
    let nobody = Facts {
        caller: Caller::Number,
        matches: Vec::new(),
        called: None,
    };
    let lowest = policy.tiers.values().map(|tier| tier.rank).max();
    let others = lowest.unwrap_or(0).saturating_add(1);
    RoutingSnapshotHead {
        policy_id: policy.reference.id.clone(),
        policy_version: policy.reference.version,
        as_of,
        default: route(routing::decide(&nobody, policy), others),
        lines: policy
            .lines()
            .into_iter()
            .map(|(number, lowest_rank)| SnapshotLine {
                number: number.to_owned(),
                lowest_rank,
            })
            .collect(),
    }
}

fn route(decision: Decision, rank_of_others: u16) -> SnapshotRoute {
    SnapshotRoute {
        tier: decision.tier.unwrap_or_default(),
        tier_rank: decision.tier_rank.unwrap_or(rank_of_others),
        segment: decision.segment,
        queue: decision.queue,
        routing_profile: decision.routing_profile,
        priority: decision.priority,
        advantage_seconds: decision.advantage_seconds,
        skills: decision.skills.join(","),
        dedicated_line: decision.dedicated_line.unwrap_or_default(),
        preferred_agent: decision.preferred_agent.unwrap_or_default(),
        language: decision.language,
        greeting: decision.greeting,
    }
}
