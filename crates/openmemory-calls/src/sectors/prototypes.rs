//! What is typical of each sector? Descriptions and example sentences, with which the sentences of a text are compared.

use openmemory_domain::Sector;
use openmemory_domain::Sector::{Emotional, Episodic, Procedural, Reflective, Semantic};

pub const TEXTS: [(Sector, &str); 60] = [
    (Episodic, "Something that happened to someone at a certain time and place."),
    (Episodic, "Yesterday we met at the station and went for lunch."),
    (Episodic, "Last week she travelled to Berlin for a conference."),
    (Episodic, "On Monday the customer called and asked about the invoice."),
    (Episodic, "I went to the doctor this morning."),
    (Episodic, "We visited the museum with the children last summer."),
    (Episodic, "The server went down at noon and came back an hour later."),
    (Episodic, "He told me on the phone that he had moved house."),
    (Episodic, "They launched the product and celebrated that evening."),
    (Episodic, "Tomorrow at ten there is an appointment with the dentist."),
    (Episodic, "She joined a club and attended its first meeting."),
    (Episodic, "The release failed twice last night."),
    (Semantic, "A fact about the world, a definition or a piece of knowledge."),
    (Semantic, "The capital of France is Paris."),
    (Semantic, "The user prefers dark mode."),
    (Semantic, "Her favourite food is Italian pasta."),
    (Semantic, "Python is a programming language with dynamic typing."),
    (Semantic, "He works as an engineer at a software company."),
    (Semantic, "The project uses PostgreSQL as its database."),
    (Semantic, "Her sister is called Anna and lives in Madrid."),
    (Semantic, "The order number is 4711 and the status is shipped."),
    (Semantic, "Customer is allergic to peanuts."),
    (Semantic, "Version 18 is supported until April 2025."),
    (Semantic, "The limit is 50 files per folder."),
    (Semantic, "The headquarters are in Boston."),
    (Semantic, "Iron melts at 1538 degrees."),
    (Semantic, "The company has three plans: free, team and enterprise."),
    (Semantic, "A load balancer distributes requests over several servers."),
    (Procedural, "Instructions: how to do something, step by step."),
    (Procedural, "First open the settings, then click on save."),
    (Procedural, "To install the package, run npm install and restart the server."),
    (Procedural, "Preheat the oven to 180 degrees and bake for twenty minutes."),
    (Procedural, "Always run the tests before you merge a pull request."),
    (Procedural, "Press the button for three seconds to reset the device."),
    (Procedural, "How to deploy the application to production."),
    (Procedural, "If the build fails, clear the cache and try again."),
    (Procedural, "Mix the flour with the eggs and stir until smooth."),
    (Procedural, "Configure the firewall by adding a rule for port 443."),
    (Procedural, "Turn the handle to the left to close the window."),
    (Procedural, "If a complaint comes in, forward it to the manager first."),
    (Emotional, "A feeling such as joy, fear, anger, love or sadness."),
    (Emotional, "I am so happy and excited about this!"),
    (Emotional, "She was sad and cried all evening."),
    (Emotional, "He is angry and frustrated about the delay."),
    (Emotional, "I feel anxious and afraid."),
    (Emotional, "I love spending time with my family, it makes me feel warm."),
    (Emotional, "What a terrible, awful disappointment."),
    (Emotional, "They were proud and deeply grateful."),
    (Emotional, "The customer is very upset and annoyed."),
    (Emotional, "I miss her so much, it hurts."),
    (Reflective, "An insight, a lesson learned, a thought about oneself or a goal."),
    (Reflective, "I realized that I work better in the morning."),
    (Reflective, "Looking back, I should have asked for help earlier."),
    (Reflective, "The lesson is that small steps matter more than big plans."),
    (Reflective, "My goal is to become a more patient person."),
    (Reflective, "I have come to believe that honesty is what matters most."),
    (Reflective, "This experience taught me to trust my own judgement."),
    (Reflective, "In hindsight the decision was a mistake, and we learned from it."),
    (Reflective, "I wonder what gives my life meaning."),
    (Reflective, "It shows a pattern: whenever we hurry, quality suffers."),
];

/// A 16-byte hash of the texts.
pub(super) fn hash() -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for (sector, text) in TEXTS {
        hasher.update(sector.name().as_bytes()).update(b"\0").update(text.as_bytes()).update(b"\0");
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}
