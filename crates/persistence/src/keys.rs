//! Keys that sign tokens and seal journal heads, cursors and receipts.
//!
//! The private halves stand in the database, encrypted under a master key that never does. A
//! process whose master key opens none of them makes its own pair: whoever may write to the
//! database may issue tokens for it, and every public half is known to every instance.

use crate::crypto;
use crate::entity::key_material;
use crate::error::DbError;
use crate::mint;
use crate::store::{Store, sealed::Sealed};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
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
    pub signing: SigningKey,
    pub sealing: SealKey,
    /// Earlier sealing keys that this master key opens, newest first, the current one included.
    pub known_sealing: Vec<SealKey>,
    master: MasterKey,
}

impl Keys {
    /// Reads the keys, making those that are missing.
    pub async fn load(store: &Store, master: &MasterKey) -> Result<Self, DbError> {
        let mut signing = find(store, SIGNING, master).await?;
        if signing.is_empty() {
            signing = vec![create_signing(store, master).await?];
        }
        let mut sealing = find(store, SEALING, master).await?;
        if sealing.is_empty() {
            sealing = vec![create_sealing(store, master).await?];
        }
        let known: Vec<SealKey> = sealing
            .into_iter()
            .map(|key| SealKey {
                id: key.id,
                secret: key.private,
            })
            .collect();
        let newest = signing
            .into_iter()
            .next()
            .ok_or_else(|| DbError::Key("no signing key".into()))?;
        let sealing = known
            .first()
            .cloned()
            .ok_or_else(|| DbError::Key("no sealing key".into()))?;
        Ok(Self {
            signing: SigningKey {
                id: newest.id,
                pkcs8: newest.private,
                public_point: newest.public,
            },
            sealing,
            known_sealing: known,
            master: master.clone(),
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

/// Public halves of all signing keys that are not retired: key id and uncompressed point in hex.
pub async fn public_signing_keys(store: &Store) -> Result<Vec<(KeyId, String)>, DbError> {
    let rows = key_material::Entity::find()
        .filter(key_material::Column::Purpose.eq(SIGNING))
        .filter(key_material::Column::RetiredAt.is_null())
        .order_by_desc(key_material::Column::CreatedAt)
        .all(store.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (KeyId::from_bits(row.id.as_u128()), row.public_half))
        .collect())
}

struct Opened {
    id: KeyId,
    private: Vec<u8>,
    public: String,
}

async fn find(store: &Store, purpose: &str, master: &MasterKey) -> Result<Vec<Opened>, DbError> {
    let rows = key_material::Entity::find()
        .filter(key_material::Column::Purpose.eq(purpose))
        .filter(key_material::Column::MasterFingerprint.eq(master.fingerprint()))
        .filter(key_material::Column::RetiredAt.is_null())
        .order_by_desc(key_material::Column::CreatedAt)
        .all(store.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let private = crypto::open(&master.0, &row.sealed_half)?;
            Ok(Opened {
                id: KeyId::from_bits(row.id.as_u128()),
                private,
                public: row.public_half,
            })
        })
        .collect()
}

async fn create_signing(store: &Store, master: &MasterKey) -> Result<Opened, DbError> {
    let refused = |_| DbError::Key("no signing key could be made".into());
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(refused)?;
    let public = crypto::hex(pair.public_key().as_ref());
    insert(store, SIGNING, master, pkcs8.as_ref().to_vec(), public).await
}

async fn create_sealing(store: &Store, master: &MasterKey) -> Result<Opened, DbError> {
    insert(
        store,
        SEALING,
        master,
        mint::secret::<32>()?.to_vec(),
        String::new(),
    )
    .await
}

async fn insert(
    store: &Store,
    purpose: &str,
    master: &MasterKey,
    private: Vec<u8>,
    public: String,
) -> Result<Opened, DbError> {
    let now = store.clock.now();
    let id = KeyId::from_bits(mint::bits(now));
    let row = key_material::ActiveModel {
        id: Set(Uuid::from_u128(id.bits())),
        purpose: Set(purpose.to_owned()),
        public_half: Set(public.clone()),
        sealed_half: Set(crypto::seal(&master.0, &private)?),
        master_fingerprint: Set(master.fingerprint()),
        created_at: Set(now.timestamp_micros()),
        retired_at: Set(None),
    };
    key_material::Entity::insert(row)
        .exec_without_returning(store.connection())
        .await?;
    Ok(Opened {
        id,
        private,
        public,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_store;

    #[tokio::test]
    async fn a_newer_key_seals_and_older_ones_still_verify() {
        let (_dir, store) = test_store::open().await;
        let master = MasterKey::new([1; 32]);
        let before = Keys::load(&store, &master).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        let made = create_sealing(&store, &master).await.unwrap();
        let after = Keys::load(&store, &master).await.unwrap();
        assert_eq!(after.sealing.id, made.id);
        let old = before.sealing.id;
        let sealed = before.sealing.seal("receipt", b"text");
        let key = after.find_sealing(&store, old).await.unwrap().unwrap();
        assert_eq!(key.seal("receipt", b"text"), sealed);
        assert_ne!(after.sealing.seal("receipt", b"text"), sealed);
        // An instance that started before the newer key was made learns of it.
        assert!(before.sealing_key(made.id).is_none());
        let learned = before.find_sealing(&store, made.id).await.unwrap();
        assert!(learned.is_some());
        let foreign = Keys::load(&store, &MasterKey::new([2; 32])).await.unwrap();
        assert!(foreign.find_sealing(&store, old).await.unwrap().is_none());
    }
}
