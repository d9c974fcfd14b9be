//! What happens to an instance in the middle of a cycle.

use super::scene::Scene;
use crate::draws::Draws;
use crate::failure::Outcome;
use crate::server::Server;
use crate::sql::Sql;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// SIGKILL, and up again.
    Killed,
    /// SIGTERM: finishes what it has, and up again.
    Terminated,
    /// SIGSTOP, for longer than a lease now and then, and SIGCONT.
    Stopped,
    /// All its connections to the database are cut, some times.
    CutOff,
}

/// A fault with its times.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    /// Milliseconds.
    before: u64,
    during: u64,
    after: u64,
    victim: usize,
}

/// Every so many milliseconds at most a stop lasts longer than leases do.
const LONG: u64 = 4_000;

impl Fault {
    /// The fault of a cycle: the same for the same seed.
    pub fn of_cycle(scene: &Scene, cycle: u64) -> Self {
        let campaign = &scene.campaign;
        let mut draws = Draws::new(campaign.seed, cycle * 100 + 99);
        let is_postgres = scene.place.url.is_some();
        let kind = match draws.below(100) {
            0..50 => Kind::Killed,
            50..68 => Kind::Terminated,
            68..85 => Kind::Stopped,
            _ if is_postgres => Kind::CutOff,
            _ => Kind::Killed,
        };
        let span = (campaign.shortest, campaign.longest);
        let long = kind == Kind::Stopped && campaign.longest > 1_000 && draws.chance(30);
        Self {
            kind,
            before: draws.between(span.0, span.1),
            during: if long {
                LONG
            } else {
                draws.between(0, span.1 / 2)
            },
            after: draws.between(span.0, span.1 / 2 + span.0),
            victim: draws.below(scene.addresses.len() as u64) as usize,
        }
    }

    pub const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Killed => "killed",
            Kind::Terminated => "terminated",
            Kind::Stopped => "stopped",
            Kind::CutOff => "cut off",
        }
    }

    /// Waits, strikes, mends, waits again, and ends the cycle.
    pub async fn strike(self, scene: &Scene, servers: &mut [Server]) -> Outcome<()> {
        pause(self.before).await;
        let (server, address) = (&mut servers[self.victim], &scene.addresses[self.victim]);
        match self.kind {
            Kind::Killed | Kind::Terminated => {
                let killed = self.kind == Kind::Killed;
                server.signal(if killed { "KILL" } else { "TERM" })?;
                server.ended().await?;
                pause(self.during).await;
                *server = Server::start(&scene.place, address, None).await?;
            }
            Kind::Stopped => {
                server.signal("STOP")?;
                pause(self.during).await;
                server.signal("CONT")?;
            }
            Kind::CutOff => {
                let mut sql = Sql::connect(&scene.place).await?;
                for _ in 0..=self.during % 3 {
                    sql.run(CUT).await?;
                    pause(30).await;
                }
            }
        }
        pause(self.after).await;
        scene.stop.set(true);
        Ok(())
    }
}

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'tiercel'";

async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
