"""Rasa's names of attributes, of feature types and of what models return.

They are ours, so that networks need not import Rasa; a test compares them with Rasa's.
"""

# Attributes of messages and dialogues.
TEXT = "text"
INTENT = "intent"
ENTITIES = "entities"
ENTITY_TAGS = "entity_tags"
ACTION_NAME = "action_name"
ACTION_TEXT = "action_text"
LABEL = "label"
DIALOGUE = "dialogue"

# Feature types of an attribute.
SENTENCE = "sentence"
SEQUENCE = "sequence"
IDS = "ids"
MASK = "mask"
LENGTH = "length"

#: The tags of entities, beside those of roles and groups.
ENTITY_ATTRIBUTE_TYPE = "entity"

#: Key of a prediction's diagnostic data.
DIAGNOSTIC_DATA = "diagnostic_data"

# Attributes of a turn by how TED encodes them.
SEQUENCE_FEATURES_TO_ENCODE = ["text", "action_text", "label_action_text"]
SENTENCE_FEATURES_TO_ENCODE = ["intent", "text", "action_name", "action_text"]
LABEL_FEATURES_TO_ENCODE = ["label_action_name", "label_action_text", "label_intent"]
STATE_LEVEL_FEATURES = ["entities", "slots", "active_loop"]
