//! What does a vector stand for?

use openmemory_domain::Sector;

/// What a vector stands for: bits 0 to 4 are the sectors in their fixed order,
/// bit 5 is a passage of the text. One vector may stand for several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SectorMask(pub(crate) u8);

impl SectorMask {
    /// A passage of the text, whatever its sectors.
    pub const PASSAGE: Self = Self(1 << 5);

    /// Each of these sectors.
    pub fn of(sectors: &[Sector]) -> Self {
        Self(sectors.iter().fold(0, |bits, sector| bits | 1 << sector.index()))
    }

    /// Everything that either of the two stands for.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have anything in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
