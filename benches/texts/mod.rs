//! Long texts to measure on.

/// A sound experiment of so many lines, with many models of its own before it.
pub fn long(lines: usize) -> String {
    let read = |path| std::fs::read_to_string(path).expect("a file of the package");
    let model: String = read("models/lightnn.kd");
    let experiment: String = read("examples/hint.kd");
    let room = lines - experiment.lines().count();
    let models = (0..).map(|number| model.replace("LightNN", &format!("LightNN{number}")));
    let models = models.take(room / (model.lines().count() + 1));
    let models: Vec<String> = models.collect();
    let mut text = models.join("\n") + "\n";
    let comments = lines - text.lines().count() - experiment.lines().count();
    text.push_str(&"// \n".repeat(comments));
    text + &experiment
}
