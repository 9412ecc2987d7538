// The code under test. It receives its store and does not depend on the tests.

/** Stores one memory per topic and updates it when the preference changes. */
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
