//! Receives a file of any size: pieces go to the database while the rest is still on its way.

use crate::problem::{Kind, Problem};
use actix_web::web::Payload;
use futures_util::StreamExt;
use tiercel_persistence::Store;
use tiercel_persistence::crypto::Sha256;
use tiercel_persistence::imports::{self, UploadId};

/// The largest file that is received.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// Bytes of one piece.
const PIECE: usize = 1024 * 1024;

/// A file that arrived whole.
pub struct Received {
    pub upload: UploadId,
    pub bytes: u64,
    /// SHA-256, in hex.
    pub hash: String,
}

/// Receives a body; one that breaks off or is too large leaves nothing behind.
pub async fn receive(store: &Store, payload: Payload) -> Result<Received, Problem> {
    let upload = imports::begin(store).await?;
    match read(store, upload, payload).await {
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
) -> Result<(u64, String), Problem> {
    let mut digest = Sha256::default();
    let mut piece = Vec::with_capacity(PIECE);
    let (mut number, mut bytes) = (0_i64, 0_u64);
    while let Some(arrived) = payload.next().await {
        let arrived =
            arrived.map_err(|_| Problem::new(Kind::Unreadable, "the body did not arrive whole"))?;
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
