// The code under test: it is given a store, and knows nothing of tests.

/** Keeps one memory for each topic, corrected when the preference changes. */
class Preferences {
  constructor(om) {
    this.om = om
  }

  async set(topic, preference, reason) {
    const { memories } = await this.om.listMemories({ filters: { 'metadata.topic': topic }, limit: 1 })
    if (memories.length > 0) return this.om.updateMemory(memories[0].id, { content: preference }, { reason })
    return this.om.addMemory({ content: preference, metadata: { topic } })
  }

  async about(question) {
    const [best] = await this.om.searchMemories(question, { limit: 1 })
    return best?.content
  }
}

module.exports = { Preferences }
