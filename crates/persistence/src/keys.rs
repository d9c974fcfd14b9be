//! Keys that sign tokens and seal journal heads, cursors and receipts.
//!
//! The private halves stand in the database, encrypted under a master key that never does. A
//! process whose master key opens none of them makes its own pair: whoever may write to the
//! database may issue tokens for it, and every public half is known to every instance.

use crate::clock::from_micros;
use crate::crypto;
use crate::entity::key_material;
use crate::error::DbError;
use crate::mint;
use crate::store::{Source, Store, sealed::Sealed};
use crate::write::{Change, Tx, Writing, Written};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tiercel_domain::ids::KeyId;
use uuid::Uuid;

const SIGNING: &str = "signing";
const SEALING: &str = "sealing";

/// The key that encrypts keys: 32 bytes from a file or the environment.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Names the key without telling it.
    fn fingerprint(&self) -> String {
        crypto::hmac_hex(&self.0, b"tiercel master key fingerprint")[..16].to_owned()
    }
}

/// An ES256 key: PKCS#8 private half, uncompressed public point in hex.
#[derive(Clone)]
pub struct SigningKey {
    pub id: KeyId,
    pub pkcs8: Vec<u8>,
    pub public_point: String,
    /// It is published before, and signs from then on.
    pub active_from: DateTime<Utc>,
}

/// The public half of a signing key, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub id: KeyId,
    /// Uncompressed point in hex.
    pub point: String,
    pub created_at: DateTime<Utc>,
    pub active_from: DateTime<Utc>,
    /// What it signed is refused from then on; absent for the newest one.
    pub until: Option<DateTime<Utc>>,
}

/// A 256-bit secret for HMAC.
#[derive(Clone)]
pub struct SealKey {
    pub id: KeyId,
    pub secret: Vec<u8>,
}

impl SealKey {
    /// HMAC-SHA-256 in hex; `purpose` keeps a seal of one use from serving another.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        crypto::hmac_hex(&self.secret, &[purpose.as_bytes(), b"\0", bytes].concat())
    }
}

/// The keys this process works with.
#[derive(Clone)]
pub struct Keys {
    pub master: MasterKey,
    /// Signing keys that this master key opens, the newest first; some may sign only later.
    pub signing: Vec<SigningKey>,
    pub sealing: SealKey,
    /// Earlier sealing keys that this master key opens, newest first, the current one included.
    pub known_sealing: Vec<SealKey>,
}

impl Keys {
    /// Reads the keys, making those that are missing.
    pub async fn load(store: &Store, master: &MasterKey) -> Result<Self, DbError> {
        let mut signing = signing_keys(store, master).await?;
        if signing.is_empty() {
            create_signing(store, master).await?;
            signing = signing_keys(store, master).await?;
        }
        let mut sealing = find(store, SEALING, master).await?;
        if sealing.is_empty() {
            create_sealing(store, master).await?;
            sealing = find(store, SEALING, master).await?;
        }
        let known: Vec<SealKey> = sealing
            .into_iter()
            .map(|key| SealKey {
                id: key.id,
                secret: key.private,
            })
            .collect();
        let sealing = known
            .first()
            .cloned()
            .ok_or_else(|| DbError::Key("no sealing key".into()))?;
        Ok(Self {
            master: master.clone(),
            signing,
            sealing,
            known_sealing: known,
        })
    }

    /// The key with an id, also one that another instance made after this one started; none where
    /// there is no such key or this master key does not open it.
    pub async fn find_sealing(&self, store: &Store, id: KeyId) -> Result<Option<SealKey>, DbError> {
        if let Some(known) = self.sealing_key(id) {
            return Ok(Some(known.clone()));
        }
        let mut opened = find(store, SEALING, &self.master).await?.into_iter();
        let key = opened.find(|key| key.id == id);
        Ok(key.map(|key| SealKey {
            id: key.id,
            secret: key.private,
        }))
    }

    pub fn sealing_key(&self, id: KeyId) -> Option<&SealKey> {
        self.known_sealing.iter().find(|key| key.id == id)
    }
}

/// The key that signs at an instant: the newest that may already.
pub fn signer(keys: &[SigningKey], now: DateTime<Utc>) -> Option<&SigningKey> {
    let due = keys.iter().find(|key| key.active_from <= now);
    due.or_else(|| keys.last())
}

fn active_from(row: &key_material::Model) -> DateTime<Utc> {
    from_micros(row.active_from.unwrap_or(row.created_at))
}

fn published(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(key_material::Column::RetiredAt.is_null())
        .add(key_material::Column::RetiredAt.gt(now.timestamp_micros()))
}

/// Public halves of all signing keys whose tokens are accepted, the newest first.
pub async fn public_signing_keys(store: &Store) -> Result<Vec<PublicKey>, DbError> {
    let rows = key_material::Entity::find()
        .filter(key_material::Column::Purpose.eq(SIGNING))
        .filter(published(store.clock.now()))
        .order_by_desc(key_material::Column::CreatedAt)
        .all(store.connection())
        .await?;
    let read = |row: key_material::Model| PublicKey {
        id: KeyId::from_bits(row.id.as_u128()),
        created_at: from_micros(row.created_at),
        active_from: active_from(&row),
        until: row.retired_at.map(from_micros),
        point: row.public_half,
    };
    Ok(rows.into_iter().map(read).collect())
}

/// How many of the keys in use this master key opens, and how many there are.
pub async fn opened(store: &Store, master: &MasterKey) -> Result<(usize, usize), DbError> {
    let signing = find(store, SIGNING, master).await?.len();
    let sealing = find(store, SEALING, master).await?.len();
    let all = key_material::Entity::find()
        .filter(published(store.clock.now()))
        .all(store.connection())
        .await?;
    Ok((signing.saturating_add(sealing), all.len()))
}

/// The signing keys that this master key opens and that may sign, the newest first.
pub async fn signing_keys(store: &Store, master: &MasterKey) -> Result<Vec<SigningKey>, DbError> {
    let found = find(store, SIGNING, master).await?;
    let read = |opened: Opened| SigningKey {
        id: opened.id,
        pkcs8: opened.private,
        public_point: opened.public,
        active_from: opened.active_from,
    };
    Ok(found.into_iter().map(read).collect())
}

/// How a new signing key takes over.
#[derive(Debug, Clone)]
pub struct Rotation<'a> {
    /// Who asked for it, for the journal.
    pub principal: &'a str,
    /// From when the new key signs.
    pub active_from: DateTime<Utc>,
    /// Until when tokens of the keys before are accepted.
    pub former_until: DateTime<Utc>,
    /// Rotate only where the newest key was made before.
    pub made_before: DateTime<Utc>,
}

/// Makes a new signing key and lets those before it run out; `None` where nothing was due, or
/// another process rotated in the same moment.
pub async fn rotate(
    store: &Store,
    master: &MasterKey,
    rotation: &Rotation<'_>,
) -> Result<Option<KeyId>, DbError> {
    let writing = Writing {
        principal: rotation.principal,
        action: "signing_key.rotated",
        retry: None,
    };
    let change = async |tx: &Tx| Ok((rotate_in(tx, master, rotation).await?, None));
    match store.write::<_, DbError>(&writing, change).await? {
        Written::Fresh { value, .. } => Ok(value),
        _ => Ok(None),
    }
}

async fn rotate_in(
    tx: &Tx,
    master: &MasterKey,
    rotation: &Rotation<'_>,
) -> Result<Option<KeyId>, DbError> {
    let newest = key_material::Entity::update_many()
        .col_expr(key_material::Column::RetiredAt, until(rotation))
        .filter(key_material::Column::Purpose.eq(SIGNING))
        .filter(key_material::Column::MasterFingerprint.eq(master.fingerprint()))
        .filter(key_material::Column::RetiredAt.is_null())
        .filter(key_material::Column::CreatedAt.lt(rotation.made_before.timestamp_micros()));
    if newest.exec(tx.connection()).await?.rows_affected == 0 {
        return Ok(None);
    }
    // Keys that were running out already must not outlive the one that replaced them.
    key_material::Entity::update_many()
        .col_expr(key_material::Column::RetiredAt, until(rotation))
        .filter(key_material::Column::Purpose.eq(SIGNING))
        .filter(key_material::Column::MasterFingerprint.eq(master.fingerprint()))
        .filter(key_material::Column::RetiredAt.gt(rotation.former_until.timestamp_micros()))
        .exec(tx.connection())
        .await?;
    let (private, public) = signing_pair()?;
    let made = Made {
        purpose: SIGNING,
        private,
        public,
        at: tx.at(),
        active_from: Some(rotation.active_from),
    };
    let id = insert(tx, master, made).await?;
    tx.note(Change {
        entity: "signing_key",
        id: id.to_string(),
        version: 1,
        what: "created",
        customer: None,
        content: None,
        detail: Vec::new(),
    });
    Ok(Some(id))
}

fn until(rotation: &Rotation<'_>) -> Expr {
    Expr::value(rotation.former_until.timestamp_micros())
}

struct Opened {
    id: KeyId,
    private: Vec<u8>,
    public: String,
    active_from: DateTime<Utc>,
}

async fn find(store: &Store, purpose: &str, master: &MasterKey) -> Result<Vec<Opened>, DbError> {
    let rows = key_material::Entity::find()
        .filter(key_material::Column::Purpose.eq(purpose))
        .filter(key_material::Column::MasterFingerprint.eq(master.fingerprint()))
        .filter(published(store.clock.now()))
        .order_by_desc(key_material::Column::CreatedAt)
        .all(store.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let private = crypto::open(&master.0, &row.sealed_half)?;
            Ok(Opened {
                id: KeyId::from_bits(row.id.as_u128()),
                private,
                active_from: active_from(&row),
                public: row.public_half,
            })
        })
        .collect()
}

/// A fresh pair: PKCS#8 and the uncompressed public point in hex.
fn signing_pair() -> Result<(Vec<u8>, String), DbError> {
    let refused = |_| DbError::Key("no signing key could be made".into());
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(refused)?;
    let public = crypto::hex(pair.public_key().as_ref());
    Ok((pkcs8.as_ref().to_vec(), public))
}

async fn create_signing(store: &Store, master: &MasterKey) -> Result<(), DbError> {
    let (private, public) = signing_pair()?;
    let made = Made {
        purpose: SIGNING,
        private,
        public,
        at: store.clock.now(),
        active_from: None,
    };
    insert(store, master, made).await.map(|_| ())
}

async fn create_sealing(store: &Store, master: &MasterKey) -> Result<KeyId, DbError> {
    let made = Made {
        purpose: SEALING,
        private: mint::secret::<32>()?.to_vec(),
        public: String::new(),
        at: store.clock.now(),
        active_from: None,
    };
    insert(store, master, made).await
}

/// A key that is not stored yet.
struct Made {
    purpose: &'static str,
    private: Vec<u8>,
    public: String,
    at: DateTime<Utc>,
    active_from: Option<DateTime<Utc>>,
}

async fn insert(source: &impl Source, master: &MasterKey, made: Made) -> Result<KeyId, DbError> {
    let id = KeyId::from_bits(mint::bits(made.at));
    let row = key_material::ActiveModel {
        id: Set(Uuid::from_u128(id.bits())),
        purpose: Set(made.purpose.to_owned()),
        public_half: Set(made.public),
        sealed_half: Set(crypto::seal(&master.0, &made.private)?),
        master_fingerprint: Set(master.fingerprint()),
        created_at: Set(made.at.timestamp_micros()),
        retired_at: Set(None),
        active_from: Set(made.active_from.map(|at| at.timestamp_micros())),
    };
    key_material::Entity::insert(row)
        .exec_without_returning(source.connection())
        .await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Store, test_store};
    use chrono::TimeDelta;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    #[tokio::test]
    async fn keys_are_replaced_by_age_once_and_sign_when_they_are_due() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let time = Arc::new(AtomicI64::new(start.timestamp_micros()));
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/test.db", dir.path().display());
        let store = Store::open(&url, Clock::Manual(time.clone())).await;
        let store = store.unwrap();
        let master = MasterKey::new([7; 32]);
        let first = Keys::load(&store, &master).await.unwrap().signing[0].id;

        let day = |days| start + TimeDelta::days(days);
        let by_age = |today: DateTime<Utc>| Rotation {
            principal: "test",
            active_from: today + TimeDelta::minutes(10),
            former_until: today + TimeDelta::days(1),
            made_before: today - TimeDelta::days(90),
        };
        let rotate = async |today: DateTime<Utc>| {
            time.store(today.timestamp_micros(), Ordering::SeqCst);
            rotate(&store, &master, &by_age(today)).await.unwrap()
        };
        assert_eq!(rotate(day(90)).await, None);
        let second = rotate(day(91)).await.unwrap();
        assert_eq!(rotate(day(91)).await, None, "another instance comes later");

        let signing = signing_keys(&store, &master).await.unwrap();
        let at = |now| signer(&signing, now).unwrap().id;
        assert_eq!(at(day(91)), first);
        assert_eq!(at(day(91) + TimeDelta::minutes(10)), second);
        let published = async || {
            let all = public_signing_keys(&store).await.unwrap();
            all.into_iter().map(|key| key.id).collect::<Vec<_>>()
        };
        assert_eq!(published().await, [second, first]);
        time.store(day(92).timestamp_micros(), Ordering::SeqCst);
        assert_eq!(published().await, [second]);
        let other = Keys::load(&store, &MasterKey::new([8; 32])).await.unwrap();
        assert_eq!(
            other.signing.len(),
            1,
            "another master key signs with its own"
        );
        assert_eq!(published().await.len(), 2);
    }

    #[tokio::test]
    async fn a_newer_key_seals_and_older_ones_still_verify() {
        let (_dir, store) = test_store::open().await;
        let master = MasterKey::new([1; 32]);
        let before = Keys::load(&store, &master).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        let made = create_sealing(&store, &master).await.unwrap();
        let after = Keys::load(&store, &master).await.unwrap();
        assert_eq!(after.sealing.id, made);
        let old = before.sealing.id;
        let sealed = before.sealing.seal("receipt", b"text");
        let key = after.find_sealing(&store, old).await.unwrap().unwrap();
        assert_eq!(key.seal("receipt", b"text"), sealed);
        assert_ne!(after.sealing.seal("receipt", b"text"), sealed);
        // An instance that started before the newer key was made learns of it.
        assert!(before.sealing_key(made).is_none());
        let learned = before.find_sealing(&store, made).await.unwrap();
        assert!(learned.is_some());
        let foreign = Keys::load(&store, &MasterKey::new([2; 32])).await.unwrap();
        assert!(foreign.find_sealing(&store, old).await.unwrap().is_none());
    }
}
