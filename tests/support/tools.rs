//! Programs that others wrote, installed by `tests/tools/install` under `target/tools`.

use super::data;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tools are started with; nothing of them may call home.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("REDOCLY_TELEMETRY", "off"),
    ("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
    ("SCARF_ANALYTICS", "false"),
];

/// The folder with `node_modules` and a Python environment.
pub struct Tools(PathBuf);

impl Tools {
    /// Where one of these programs is absent, that is said and the test has nothing to run.
    pub fn with(programs: &[&str]) -> Option<Self> {
        let folder = std::env::var_os("TIERCEL_TEST_TOOLS");
        let folder = folder.map_or_else(|| data::root().join("target/tools"), PathBuf::from);
        let tools = Self(folder);
        let missing = programs.iter().find(|name| tools.find(name).is_none());
        if let Some(name) = missing {
            super::skipped(&format!("`{name}`: run tests/tools/install"));
            return None;
        }
        Some(tools)
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// A command line of one of the programs asked for.
    pub fn command(&self, program: &str) -> Command {
        let found = self.find(program).expect("it was there a moment ago");
        let mut command = Command::new(found);
        command.envs(ENVIRONMENT);
        command
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let own = ["node_modules/.bin", "python/bin"].map(|place| self.0.join(place));
        let places = own.into_iter().chain(std::env::split_paths(&path));
        places
            .map(|place| place.join(program))
            .find(|file| file.exists())
    }
}
