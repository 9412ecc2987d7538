//! What is found in a binary that is published.

use binary_check::{Platform, Purpose, problems, read};

pub fn published(data: &[u8], file_name: &str) -> Vec<String> {
    found(data, file_name, Purpose::Publishing)
}

pub fn developed(data: &[u8], file_name: &str) -> Vec<String> {
    found(data, file_name, Purpose::Development)
}

fn found(data: &[u8], file_name: &str, purpose: Purpose) -> Vec<String> {
    problems(&read(data).unwrap(), Platform::of_file_name(file_name), purpose)
}
