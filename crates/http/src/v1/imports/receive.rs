//! Receives a file of any size: pieces go to the database while the rest is still on its way.

use crate::arrival::{broken, late};
use crate::gate;
use crate::instance::Bounds;
use crate::problem::{Kind, Problem};
use actix_web::HttpRequest;
use actix_web::web::Payload;
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tiercel_persistence::Store;
use tiercel_persistence::crypto::Sha256;
use tiercel_persistence::imports::{self, UploadId};

/// The largest file that is received.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of one piece.
const PIECE: usize = 1024 * 1024;
/// Bytes a second that a file must come with on the whole.
const SLOWEST: u64 = 1024;

/// A file that arrived whole.
pub struct Received {
    pub upload: UploadId,
    pub bytes: u64,
    /// SHA-256, in hex.
    pub hash: String,
}

/// Receives a body; one that breaks off, is too large or too slow leaves nothing behind. While it
/// is on its way the request takes no place from others.
pub async fn receive(
    store: &Store,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Received, Problem> {
    let (instance, slot) = gate::of(request).unzip();
    let patience = instance.map_or(Bounds::default().arrival, |it| it.bounds.arrival);
    let upload = imports::begin(store).await?;
    if let Some(slot) = &slot {
        slot.leave();
    }
    let read = read(store, upload, payload, patience).await;
    let read = read.and_then(|read| slot.map_or(Ok(()), |slot| slot.enter()).map(|()| read));
    match read {
        Ok((bytes, hash)) => Ok(Received {
            upload,
            bytes,
            hash,
        }),
        Err(problem) => {
            imports::discard(store, upload).await?;
            Err(problem)
        }
    }
}

async fn read(
    store: &Store,
    upload: UploadId,
    mut payload: Payload,
    patience: Duration,
) -> Result<(u64, String), Problem> {
    let mut digest = Sha256::default();
    let mut piece = Vec::with_capacity(PIECE);
    let (mut number, mut bytes) = (0_i64, 0_u64);
    let began = Instant::now();
    loop {
        let due = patience.saturating_add(Duration::from_secs(bytes / SLOWEST));
        let left = due.saturating_sub(began.elapsed()).min(patience);
        let arrived = tokio::time::timeout(left, payload.next()).await;
        let Some(arrived) = arrived.map_err(|_| late())? else {
            break;
        };
        let arrived = arrived.map_err(|_| broken())?;
        digest.update(&arrived);
        bytes = bytes.saturating_add(arrived.len() as u64);
        if bytes > LARGEST {
            let detail = "a file may have 2 GiB; send it in parts";
            return Err(Problem::new(Kind::TooLarge, detail));
        }
        piece.extend_from_slice(&arrived);
        if piece.len() >= PIECE {
            imports::append(store, upload, number, &piece).await?;
            number = number.saturating_add(1);
            piece.clear();
        }
    }
    if !piece.is_empty() {
        imports::append(store, upload, number, &piece).await?;
    }
    Ok((bytes, digest.finish()))
}
