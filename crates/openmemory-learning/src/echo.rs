//! What in a message did the store say itself? Blocks of recalled memories, which a host has put into a prompt. Learning
//! from them would make every memory confirm itself.

const OPEN: &str = "<memories";
const CLOSE: &str = "</memories>";

/// The text without blocks of memories. A block that does not end reaches to the end of the text.
pub fn without_memories(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let after = &rest[at + OPEN.len()..];
        // Another tag that only begins like it.
        if !after.starts_with(['>', ' ', '\n', '\t']) {
            kept.push_str(&rest[..at + OPEN.len()]);
            rest = after;
            continue;
        }
        kept.push_str(&rest[..at]);
        rest = after.find(CLOSE).map_or("", |end| &after[end + CLOSE.len()..]);
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_memories_are_left_out() {
        assert_eq!(without_memories("a <memories>\n- \"x\"\n</memories> b"), "a  b");
        assert_eq!(without_memories("a <memories note=\"x\">y</memories><memories>z"), "a ");
        assert_eq!(without_memories("my <memoriesbook> is full"), "my <memoriesbook> is full");
    }
}
