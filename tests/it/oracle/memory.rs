//! What a checkout and its cache may and must remember, from what has happened to them: the independent answer to which
//! commands have to run.

use super::meaning::{Fate, Meant};
use std::collections::{HashMap, HashSet};

/// What a build may do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duty {
    Must,
    May,
    Not,
}

#[derive(Default)]
pub(super) struct Memory {
    /// Results in the cache, by key; `false` where damage or a killed build leaves that open.
    cached: HashMap<u64, bool>,
    /// What stands at the outputs of a job, by its name, as far as the ledger knows it.
    stands: HashMap<String, Stands>,
    /// Jobs whose outputs stood here, so that they are missed when they are gone.
    here: HashSet<String>,
    /// Jobs whose outputs were harmed since the last build.
    harmed: HashSet<String>,
    /// Jobs whose outputs nobody knows to be outputs, since the ledger was harmed after they were written.
    forgotten: HashSet<String>,
    /// Changed bytes lie in the cache: what is kept beside them may share them.
    pub(super) rotten: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    At(u64),
    /// Nothing stands, but it is known what would.
    Away(u64),
    Unknown,
}

impl Memory {
    /// Where it is not `asked` for, it is needed only if a command reads it.
    pub(super) fn duty(&self, meant: &Meant, asked: bool) -> Duty {
        match self.duty_if_needed(meant) {
            Duty::Must if !asked && self.may_stay_away(meant) => Duty::May,
            duty => duty,
        }
    }

    /// Whether nobody misses the outputs of a job that nothing reads.
    pub(super) fn may_stay_away(&self, meant: &Meant) -> bool {
        let is_known = match self.stands.get(&meant.job.name) {
            Some(Stands::Away(key)) => *key == meant.key,
            Some(Stands::At(_)) => false,
            Some(Stands::Unknown) | None => {
                !meant.job.node.uncached && self.cached.contains_key(&meant.key)
            }
        };
        is_known
            && matches!(meant.fate, Fate::Done(_))
            && !meant.job.node.always
            && !meant.job.outputs.is_empty()
            && !self.here.contains(&meant.job.name)
    }

    fn duty_if_needed(&self, meant: &Meant) -> Duty {
        if matches!(meant.fate, Fate::Blocked) {
            return Duty::Not;
        }
        if matches!(meant.fate, Fate::Failed) || meant.job.node.always {
            return Duty::Must;
        }
        let stands = self.stands.get(&meant.job.name);
        let cached = self
            .cached
            .get(&meant.key)
            .filter(|_| !meant.job.node.uncached);
        match (stands, cached) {
            (Some(Stands::At(key)), _) if *key == meant.key => Duty::Not,
            (_, Some(true)) => Duty::Not,
            (Some(Stands::Unknown), _) | (_, Some(false)) => Duty::May,
            (_, None) => Duty::Must,
        }
    }

    /// A build came to its end with this job.
    pub(super) fn settled(&mut self, meant: &Meant, ran: bool, is_away: bool) {
        let name = &meant.job.name;
        match meant.fate {
            Fate::Done(_) if is_away => {
                self.stands.insert(name.clone(), Stands::Away(meant.key));
            }
            Fate::Done(_) => {
                self.here.insert(name.clone());
                self.forgotten.remove(name);
                self.stands.insert(name.clone(), Stands::At(meant.key));
                self.harmed.remove(name);
                if ran && !meant.job.node.uncached {
                    let sure = !self.rotten || self.cached.get(&meant.key) == Some(&true);
                    self.cached.insert(meant.key, sure);
                }
            }
            Fate::Failed => {
                self.here.remove(name);
                self.stands.remove(name);
                self.harmed.remove(name);
            }
            Fate::Blocked => {}
        }
    }

    /// A build that may have got to this job was cut off.
    pub(super) fn cut_off(&mut self, meant: &Meant) {
        let name = &meant.job.name;
        let untouched =
            self.stands.get(name) == Some(&Stands::At(meant.key)) && !meant.job.node.always;
        match meant.fate {
            Fate::Done(_) if untouched => {}
            Fate::Done(_) => {
                self.here.remove(name);
                self.stands.insert(name.clone(), Stands::Unknown);
                if !meant.job.node.uncached {
                    self.cached.entry(meant.key).or_insert(false);
                }
            }
            Fate::Failed => {
                self.here.remove(name);
                self.stands.insert(name.clone(), Stands::Unknown);
            }
            Fate::Blocked => {}
        }
    }

    /// An output of the job was changed by hand.
    pub(super) fn harm(&mut self, name: &str) {
        let again = !self.harmed.insert(name.to_owned());
        if again || self.stands.get(name) == Some(&Stands::Unknown) {
            self.stands.insert(name.to_owned(), Stands::Unknown);
        } else {
            self.stands.remove(name);
        }
    }

    /// Once no node declares its outputs, they are the user's.
    pub(super) fn is_theirs(&self, name: &str) -> bool {
        self.harmed.contains(name) || self.forgotten.contains(name)
    }

    /// The job is not in the manifest any more.
    pub(super) fn gone(&mut self, name: &str) {
        self.here.remove(name);
        if self.stands.contains_key(name) {
            self.stands.insert(name.to_owned(), Stands::Unknown);
        }
    }

    /// One file of the cache was damaged; nobody knows whose.
    pub(super) fn cache_damaged(&mut self, rotten: bool) {
        self.cached.values_mut().for_each(|sure| *sure = false);
        self.rotten |= rotten;
    }

    pub(super) fn cache_lost(&mut self) {
        self.cached.clear();
        self.rotten = false;
    }

    /// The ledger was damaged.
    pub(super) fn ledger_damaged(&mut self) {
        self.here.clear();
        self.forgotten.extend(self.stands.keys().cloned());
        self.stands
            .values_mut()
            .for_each(|stands| *stands = Stands::Unknown);
    }

    /// The ledger is an older one, which may know any of the jobs that there ever were.
    pub(super) fn ledger_older(&mut self, names: impl Iterator<Item = String>) {
        self.stands
            .extend(names.map(|name| (name, Stands::Unknown)));
        self.ledger_damaged();
    }

    pub(super) fn ledger_lost(&mut self) {
        self.here.clear();
        self.forgotten.extend(self.stands.keys().cloned());
        self.stands.clear();
    }

    /// Only the cache came along.
    pub(super) fn cloned(&mut self) {
        self.here.clear();
        self.stands.clear();
        self.harmed.clear();
        self.forgotten.clear();
    }
}
