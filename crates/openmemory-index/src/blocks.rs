//! How are the rows of vectors stored? In blocks, so that growing never copies existing rows: a large `Vec` that
//! doubles leaves free memory as large as itself.

/// Rows per block.
pub(super) const BLOCK: usize = 1024;

/// Rows of equal length, numbered from 0 without gaps. Only the last block may be partly full.
#[derive(Default)]
pub(super) struct Blocks<T> {
    width: usize,
    blocks: Vec<Vec<T>>,
}

impl<T: Copy> Blocks<T> {
    pub(super) fn new(width: usize) -> Self {
        Self { width, blocks: Vec::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn row(&self, row: usize) -> &[T] {
        &self.blocks[row / BLOCK][row % BLOCK * self.width..][..self.width]
    }

    pub(super) fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.blocks[row / BLOCK][row % BLOCK * self.width..][..self.width]
    }

    /// All rows of a block, concatenated.
    pub(super) fn block(&self, block: usize) -> &[T] {
        &self.blocks[block]
    }

    pub(super) fn push(&mut self, row: &[T]) {
        let full = BLOCK * self.width;
        match self.blocks.last_mut() {
            Some(last) if last.len() < full => last.extend_from_slice(row),
            // The first block of a user starts small, because many users have few memories.
            None => self.blocks.push(row.to_vec()),
            Some(_) => {
                let mut block = Vec::with_capacity(full);
                block.extend_from_slice(row);
                self.blocks.push(block);
            }
        }
    }

    /// Removes a row and moves the last row into its position.
    pub(super) fn swap_remove(&mut self, row: usize) {
        let Some(mut block) = self.blocks.pop() else { return };
        let last = block.split_off(block.len() - self.width);
        let is_last = row == self.blocks.len() * BLOCK + block.len() / self.width.max(1);
        if !block.is_empty() {
            self.blocks.push(block);
        }
        if !is_last {
            self.row_mut(row).copy_from_slice(&last);
        }
    }

    /// Allocated bytes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.capacity() * size_of::<T>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers_across_block_boundaries() {
        let mut rows = Blocks::new(2);
        let row = |n: usize| [(n % 100) as i8, (n / 100) as i8];
        for n in 0..2 * BLOCK + 1 {
            rows.push(&row(n));
        }
        assert_eq!(rows.row(BLOCK), row(BLOCK));
        assert_eq!(rows.block(1).len(), 2 * BLOCK);
        rows.swap_remove(3);
        assert_eq!(rows.row(3), row(2 * BLOCK));
        assert_eq!(rows.blocks.len(), 2, "an empty block is freed");
        rows.swap_remove(2 * BLOCK - 1);
        rows.push(&row(7));
        assert_eq!(rows.row(2 * BLOCK - 1), row(7));
    }

    #[test]
    fn removed_rows_leave_no_blocks() {
        let mut rows = Blocks::new(3);
        for _ in 0..2 {
            (0..BLOCK + 5).for_each(|_| rows.push(&[1, 2, 3]));
            (0..BLOCK + 5).for_each(|_| rows.swap_remove(0));
            assert!(rows.blocks.is_empty());
        }
    }
}
