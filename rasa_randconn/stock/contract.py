"""Every private name of Rasa and Keras that this package uses, and what for.

Private names may change with any patch version. A test looks for each of them in the
installed versions and names the ones that are missing.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple


class PrivateName(NamedTuple):
    """A private name of another package.

    Attributes:
        owner: The class that has it, as a dotted path.
        name: The name.
        use: What we do with it.
    """

    owner: str
    name: str
    use: str


_GENERATOR = "rasa.utils.tensorflow.data_generator.RasaBatchDataGenerator"
_MODEL_DATA = "rasa.utils.tensorflow.model_data.RasaModelData"
_MODEL = "rasa.utils.tensorflow.models.TransformerRasaModel"
_DIET_MODEL = "rasa.nlu.classifiers.diet_classifier.DIET"
_TED_MODEL = "rasa.core.policies.ted_policy.TED"
_DIET = "rasa.nlu.classifiers.diet_classifier.DIETClassifier"
_TED = "rasa.core.policies.ted_policy.TEDPolicy"
_POLICY = "rasa.core.policies.unexpected_intent_policy.UnexpecTEDIntentPolicy"
_VALIDATOR = (
    "rasa.graph_components.validators.default_recipe_validator.DefaultV1RecipeValidator"
)
_STATE_FEATURIZER = (
    "rasa.core.featurizers.single_state_featurizer.SingleStateFeaturizer"
)
_LAYERS = "rasa.utils.tensorflow.layers"
_RASA_LAYERS = "rasa.utils.tensorflow.rasa_layers"
_TRANSFORMER = "rasa.utils.tensorflow.transformer"

PRIVATE_NAMES: Tuple[PrivateName, ...] = (
    PrivateName(_GENERATOR, "_current_epoch", "start an epoch anew"),
    PrivateName(_GENERATOR, "_current_batch_size", "cut batches as Rasa does"),
    PrivateName(_GENERATOR, "_data", "read the order of the examples in an epoch"),
    PrivateName(_MODEL_DATA, "_create_label_ids", "balance examples by their labels"),
    PrivateName(
        "rasa.shared.nlu.training_data.message.Message",
        "_combine_features",
        "join features of one type in one step",
    ),
    PrivateName(_STATE_FEATURIZER, "_create_features", "featurize a state faster"),
    PrivateName(
        _STATE_FEATURIZER, "_extract_state_features", "check the features of texts"
    ),
    PrivateName(
        _STATE_FEATURIZER, "_create_entity_tag_specs", "number tags after their columns"
    ),
    PrivateName(_STATE_FEATURIZER, "_default_feature_states", "read feature indices"),
    PrivateName(
        _STATE_FEATURIZER, "_state_features_for_attribute", "read a state's features"
    ),
    PrivateName(_MODEL, "_tf_layers", "read the plan of a model"),
    PrivateName(_MODEL, "_prepare_layers", "create the plan without densities"),
    PrivateName(_MODEL, "_set_random_seed", "leave global random numbers alone"),
    PrivateName(_MODEL, "_merge_batch_outputs", "join predictions of batches"),
    PrivateName(_MODEL, "_update_data_signatures", "follow new features"),
    PrivateName(_MODEL, "_update_dense_for_sparse_layers", "grow when finetuned"),
    PrivateName(_MODEL, "_compile_and_fit", "build the network anew when finetuned"),
    PrivateName(_DIET_MODEL, "_entity_tag_specs", "read the sets of tags"),
    PrivateName(_TED_MODEL, "_entity_tag_specs", "read the sets of tags"),
    PrivateName(f"{_LAYERS}.Embed", "_dense", "read units and regularisation"),
    PrivateName(f"{_LAYERS}.Ffnn", "_ffn_layers", "read sizes and dropout"),
    PrivateName(f"{_RASA_LAYERS}.RasaSequenceLayer", "_tf_layers", "read its parts"),
    PrivateName(
        f"{_RASA_LAYERS}.RasaSequenceLayer", "_enables_mlm", "know if tokens are masked"
    ),
    PrivateName(
        f"{_RASA_LAYERS}.ConcatenateSparseDenseFeatures", "_tf_layers", "read its parts"
    ),
    PrivateName(
        f"{_RASA_LAYERS}.RasaFeatureCombiningLayer", "_tf_layers", "read its parts"
    ),
    PrivateName(f"{_TRANSFORMER}.TransformerEncoder", "_enc_layers", "count layers"),
    PrivateName(f"{_TRANSFORMER}.TransformerEncoder", "_dropout", "read its rate"),
    PrivateName(
        f"{_TRANSFORMER}.TransformerEncoder", "_embedding", "read its regularisation"
    ),
    PrivateName(f"{_TRANSFORMER}.TransformerEncoderLayer", "_mha", "read attention"),
    PrivateName(
        f"{_TRANSFORMER}.TransformerEncoderLayer", "_ffn_layers", "read filter units"
    ),
    PrivateName(_DIET, "_check_config_parameters", "check our options"),
    PrivateName(_DIET, "_create_model_data", "join features of messages faster"),
    PrivateName(_DIET, "_entity_tag_specs", "know whether tokens have tags"),
    PrivateName(_DIET, "_predict", "answer messages together"),
    PrivateName(_DIET, "_load", "load exactly what was saved"),
    PrivateName(_DIET, "_model_storage", "write the manifest"),
    PrivateName(_DIET, "_resource", "write the manifest"),
    PrivateName(_TED, "_load_params", "check our options"),
    PrivateName(_TED, "_entity_tag_specs", "check what was loaded"),
    PrivateName(_TED, "_featurize_for_prediction", "featurize recent turns only"),
    PrivateName(_TED, "_featurize_for_training", "put labels in order"),
    PrivateName(_TED, "_create_model_data", "make batches of dialogues"),
    PrivateName(_TED, "_metadata_filename", "name our file like Rasa's"),
    PrivateName(_TED, "_load", "load exactly what was saved"),
    PrivateName(_TED, "_load_model_utilities", "check the saved configuration"),
    PrivateName(_TED, "_model_storage", "write the manifest"),
    PrivateName(_TED, "_resource", "write the manifest"),
    PrivateName(_VALIDATOR, "_component_types", "show it the parents of our classes"),
    PrivateName(_VALIDATOR, "_graph_schema", "read the configuration"),
    PrivateName(_VALIDATOR, "_validate_core", "check what depends on the stories"),
    PrivateName(
        "rasa.engine.recipes.default_recipe.DefaultV1Recipe",
        "_from_registry",
        "find the class of a configured name",
    ),
    PrivateName(
        "rasa.engine.recipes.default_recipe.DefaultV1Recipe",
        "_registered_components",
        "suggest the name of a component",
    ),
    PrivateName(_POLICY, "_pick_thresholds", "answer like a loaded policy"),
    PrivateName(_POLICY, "_should_skip_prediction", "time predictions of models only"),
    PrivateName("keras.engine.training.Model", "_train_counter", "number the steps"),
    PrivateName(
        "keras.engine.base_layer.Layer", "_flatten_layers", "count connections"
    ),
    PrivateName(
        "keras.callbacks.Callback", "_supports_tf_logs", "get logs without copies"
    ),
)
