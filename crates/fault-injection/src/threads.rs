//! What is a process doing that makes no progress?

use std::fs;

/// One entry for each thread: its name, its state, the kernel function it waits in, and the processor time it has used.
/// A hung process whose threads have used little time was starved or waits for a lock.
pub fn describe(process: u32) -> String {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return "its threads are gone".into() };
    let described = threads.flatten().map(|thread| {
        let read = |name: &str| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        let stat = read("stat");
        // The name, in parentheses, may hold spaces.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or("?");
        let (name, place) = (read("comm").trim().to_owned(), read("wchan"));
        format!("{name} {} in {place}, {}+{} ticks", field(0), field(11), field(12))
    });
    described.collect::<Vec<_>>().join("; ")
}
