//! Models, losses and experiments as people write them, from the first tutorial to language models: kdc accepts
//! each. Their data and weights are not there, and need not be.

use crate::shipped::texts;
use kdc::cli::files::Disk;
use kdc::diag::Code;

#[test]
fn every_program_is_accepted() {
    let programs = texts("tests/programs");
    assert_eq!(programs.len(), 48);
    let mut problems = Vec::new();
    for (path, _) in programs {
        let found = kdc::check(&Disk, &path).diagnostics;
        let remarks = found.iter().filter(|d| d.code != Code::W0501);
        problems
            .extend(remarks.map(|d| format!("{}: {:?}: {}", path.display(), d.code, d.message)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
