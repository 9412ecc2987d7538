//! What kind of memory is it? There are five sectors, and a memory belongs to at least one.

use serde::{Deserialize, Serialize};

use super::Invalid;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Sector {
    /// Events: what happened, when, with whom.
    Episodic,
    /// Facts and preferences.
    Semantic,
    /// Instructions and skills.
    Procedural,
    /// Feelings.
    Emotional,
    /// Insights, lessons and goals.
    Reflective,
}

impl Sector {
    pub const ALL: [Self; 5] = [Self::Episodic, Self::Semantic, Self::Procedural, Self::Emotional, Self::Reflective];
    pub const NAMES: [&str; 5] = [
        Self::Episodic.name(),
        Self::Semantic.name(),
        Self::Procedural.name(),
        Self::Emotional.name(),
        Self::Reflective.name(),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Episodic => "episodic",
            Self::Semantic => "semantic",
            Self::Procedural => "procedural",
            Self::Emotional => "emotional",
            Self::Reflective => "reflective",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sector| sector.name() == name)
    }

    /// The position in [`Sector::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// λ, the exponential rate at which salience decays: by e^(−λ·days). The rates are those of HMD v2.
    pub fn decay_per_day(self) -> f64 {
        match self {
            Self::Episodic => 0.015,
            Self::Semantic => 0.005,
            Self::Procedural => 0.008,
            Self::Emotional => 0.020,
            Self::Reflective => 0.001,
        }
    }

    pub(crate) fn expected() -> String {
        format!("must be one of {}", Self::ALL.map(Self::name).join(", "))
    }

    pub fn read(field: &str, name: &str) -> Result<Self, Invalid> {
        Self::from_name(name).ok_or_else(|| Invalid::argument(field, Self::expected()))
    }
}

/// One to five distinct sectors, the primary one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Sector>", into = "Vec<Sector>")]
pub struct Sectors(Vec<Sector>);

impl Sectors {
    pub fn new(primary: Sector, others: impl IntoIterator<Item = Sector>) -> Self {
        let mut all = vec![primary];
        for sector in others {
            if !all.contains(&sector) {
                all.push(sector);
            }
        }
        Self(all)
    }

    pub fn primary(&self) -> Sector {
        self.0[0]
    }

    pub fn as_slice(&self) -> &[Sector] {
        &self.0
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|sector| sector.name()).collect()
    }
}

impl TryFrom<Vec<Sector>> for Sectors {
    type Error = &'static str;

    fn try_from(sectors: Vec<Sector>) -> Result<Self, Self::Error> {
        let primary = *sectors.first().ok_or("a memory has at least one sector")?;
        let all = Self::new(primary, sectors.iter().copied());
        if all.0.len() == sectors.len() { Ok(all) } else { Err("a sector is named twice") }
    }
}

impl From<Sectors> for Vec<Sector> {
    fn from(sectors: Sectors) -> Self {
        sectors.0
    }
}
