"""Configurations that several tests read."""

SARA_LIKE = """\
# The assistant's configuration
recipe: default.v1
language: "en"
assistant_id: sara

pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: DIETClassifier   # intents and entities
  epochs: 100
- name: ResponseSelector
  epochs: 100
  retrieval_intent: faq
- name: ResponseSelector
  epochs: 100
  retrieval_intent: chitchat
- epochs: 100

  # two keys later
  name: 'ResponseSelector'
  retrieval_intent: out_of_scope

policies:
- {name: TEDPolicy, max_history: 10, epochs: 20}
- name: "rasa.core.policies.unexpected_intent_policy.UnexpecTEDIntentPolicy"
- name: RulePolicy
"""
