"""With all connections and the same weights, our models compute what stock's do."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import tensorflow as tf
from data_factory import STORIES, TINY_DIET, TINY_TED, create, dialogues
from rasa.core.featurizers.tracker_featurizers import MaxHistoryTrackerFeaturizer
from rasa.core.policies.ted_policy import TEDPolicy
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow import layers as rasa_layers
from rasa.utils.tensorflow import transformer as rasa_transformer
from rasa.utils.tensorflow.data_generator import RasaDataGenerator
from rasa.utils.tensorflow.rasa_layers import RasaCustomLayer

from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

OPTIONS = {
    **TINY_DIET,
    "connection_density": 1.0,
    "drop_rate": 0.0,
    "drop_rate_attention": 0.0,
    "use_sparse_input_dropout": False,
    "use_dense_input_dropout": False,
    "number_of_transformer_layers": 2,
    "use_key_relative_attention": True,
    "use_value_relative_attention": True,
    "hidden_layers_sizes": {"text": [14], "label": [10]},
}


class Twins:
    """Our model and stock's with the same weights, and a batch of all examples."""

    def __init__(self, data, storage, options):
        ours = create(RandConnDIETClassifier, options, storage)
        stock = create(DIETClassifier, options, storage)
        model_data = ours.preprocess_train_data(copy.deepcopy(data))
        stock.preprocess_train_data(copy.deepcopy(data))
        self._data = model_data.data
        self.batch = RasaDataGenerator.prepare_batch(model_data.data)
        self._give_same_weights(
            ours._instantiate_model_class(model_data),
            stock._instantiate_model_class(model_data),
            model_data,
        )

    def _give_same_weights(self, ours, stock, model_data):
        self.ours, self.stock = ours, stock
        self.ours.build_variables(model_data)
        # creates the variables, also those that only training needs
        self.loss(self.stock, training=True)
        self.copied = set()
        self._copy_all(self.ours._tf_layers, self.stock._tf_layers)

    def loss(self, model, training=False):
        # both sample the same negatives and masks
        tf.random.set_seed(5)
        model.reset_metrics()
        model._training = training
        loss = float(model.batch_loss(self.batch))
        model._training = None
        return loss

    def outputs(self, model):
        model.prepare_for_predict()
        texts = {key: self._data[key] for key in model.predict_data_signature}
        model._training = False
        return model.batch_predict(RasaDataGenerator.prepare_batch(texts))

    def _copy_all(self, ours, stock):
        assert list(ours) == list(stock)
        for name in ours:
            self._copy(ours[name], stock[name])

    def _copy(self, ours, stock):
        if isinstance(stock, rasa_layers.Ffnn):
            dense = [x for x in stock._ffn_layers if hasattr(x, "kernel")]
            assert len(dense) == len(ours.hidden_layers)
            for our_layer, layer in zip(ours.hidden_layers, dense):
                self._copy_dense(our_layer, layer)
        elif isinstance(stock, rasa_transformer.TransformerEncoder):
            self._copy_encoder(ours, stock)
        elif isinstance(stock, RasaCustomLayer):
            self._copy_all(ours._tf_layers, stock._tf_layers)
        elif isinstance(stock, tf.keras.layers.Layer):
            self._copy_variables(ours.weights, stock.weights)

    def _copy_encoder(self, ours, stock):
        self._copy_dense(ours.embedding, stock._embedding)
        self._copy_variables(ours.norm.weights, stock._layer_norm.weights)
        for our_layer, layer in zip(ours.encoder_layers, stock._enc_layers):
            attention, stocks = our_layer.attention, layer._mha
            self._copy_dense(attention.query, stocks._query_dense_layer)
            self._copy_dense(attention.key, stocks._key_dense_layer)
            self._copy_dense(attention.value, stocks._value_dense_layer)
            self._copy_dense(attention.output_projection, stocks._output_dense_layer)
            if attention.key_relative_embeddings is not None:
                self._copy_variables(
                    [
                        attention.key_relative_embeddings,
                        attention.value_relative_embeddings,
                    ],
                    [stocks.key_relative_embeddings, stocks.value_relative_embeddings],
                )
            self._copy_variables(
                our_layer.attention_norm.weights, layer._layer_norm.weights
            )
            norm, first, _, second, _ = layer._ffn_layers
            self._copy_variables(our_layer.feed_forward_norm.weights, norm.weights)
            self._copy_dense(our_layer.feed_forward_in, first)
            self._copy_dense(our_layer.feed_forward_out, second)

    def _copy_dense(self, ours, stock):
        assert ours.connectivity.is_dense
        stock.kernel.assign(ours.to_dense())
        self.copied |= {id(ours.kernel)}
        if ours.bias is not None:
            self._copy_variables([ours.bias], [stock.bias])

    def _copy_variables(self, ours, stock):
        assert [v.shape for v in ours] == [v.shape for v in stock]
        for variable, target in zip(ours, stock):
            # far from initial values, so that a swapped pair is noticed
            variable.assign_add(tf.random.normal(variable.shape, stddev=0.1))
            target.assign(variable)
            self.copied |= {id(variable)}


class PolicyTwins(Twins):
    """The same for the policies."""

    def __init__(self, data, storage, options):
        models = []
        for policy in (RandConnTEDPolicy, TEDPolicy):
            policy = create(policy, options, storage)
            model_data, _ = policy._prepare_for_training(
                data.trackers, data.domain, data.precomputations
            )
            models.append(
                policy.model_class()(
                    model_data.get_signature(),
                    policy.config,
                    isinstance(policy.featurizer, MaxHistoryTrackerFeaturizer),
                    policy._label_data,
                    policy._entity_tag_specs,
                )
            )
        self.batch = RasaDataGenerator.prepare_batch(model_data.data)
        self._give_same_weights(*models, model_data)


@pytest.fixture(scope="module", params=[3, None], ids=["some turns", "all turns"])
def policy_twins(request, featurizers, tmp_path_factory):
    options = {
        **TINY_TED,
        "connection_density": 1.0,
        "drop_rate_dialogue": 0.0,
        "entity_recognition": False,
        "use_sparse_input_dropout": False,
        "use_dense_input_dropout": False,
        "max_history": request.param,
    }
    data = dialogues(STORIES, featurizers)
    return PolicyTwins(data, tmp_path_factory.mktemp("policy_twins"), options)


def test_loss_and_gradients_of_the_policy_are_those_of_stock(policy_twins):
    names = policy_twins.ours.variables_by_path()
    assert {id(v) for v in names.values()} == policy_twins.copied
    for training in (False, True):
        ours = policy_twins.loss(policy_twins.ours, training)
        assert ours == pytest.approx(
            policy_twins.loss(policy_twins.stock, training), abs=1e-4
        )
    test_gradients_are_those_of_stock(policy_twins)


@pytest.fixture(
    scope="module",
    params=[{}, {"unidirectional_encoder": True}, {"use_masked_language_model": True}],
    ids=["default", "unidirectional", "masked_language_model"],
)
def twins(request, featurizers, tmp_path_factory):
    data = featurizers.training_data
    storage = tmp_path_factory.mktemp("twins")
    return Twins(data, storage, {**OPTIONS, **request.param})


def test_every_weight_takes_part_in_the_comparison(twins):
    names = twins.ours.variables_by_path()
    left_out = [name for name, v in names.items() if id(v) not in twins.copied]
    assert left_out == []
    assert len(twins.ours.trainable_variables) == len(twins.stock.trainable_variables)


@pytest.mark.parametrize("training", [False, True])
def test_the_loss_is_that_of_stock(twins, training):
    ours = twins.loss(twins.ours, training)
    stock = twins.loss(twins.stock, training)
    assert ours == pytest.approx(stock, abs=1e-4)
    for name in ("intent_loss", "entity_loss", "entity_role_loss", "intent_acc"):
        assert float(getattr(twins.ours, name).result()) == pytest.approx(
            float(getattr(twins.stock, name).result()), abs=1e-4
        )


def test_intents_and_entities_are_those_of_stock(twins):
    ours, stock = twins.outputs(twins.ours), twins.outputs(twins.stock)
    assert set(ours) == set(stock)
    assert {"i_scores", "e_entity_ids", "e_role_ids"} <= set(ours)
    for key in set(ours) - {"diagnostic_data"}:
        np.testing.assert_allclose(ours[key], stock[key], atol=1e-4, err_msg=key)
    assert np.ptp(ours["i_scores"]) > 0


def test_real_tokens_leave_the_encoder_as_in_stock(twins):
    ours, stock = (
        twins.outputs(model)["diagnostic_data"]["text_transformed"].numpy()
        for model in (twins.ours, twins.stock)
    )
    is_real = np.any(ours != 0, axis=-1)
    assert not is_real.all(), "there is padding in the batch"
    np.testing.assert_allclose(ours[is_real], stock[is_real], atol=1e-4)


def test_gradients_are_those_of_stock(twins):
    norms = []
    for model in (twins.ours, twins.stock):
        with tf.GradientTape() as tape:
            tf.random.set_seed(5)
            model._training = True
            loss = model.batch_loss(twins.batch)
        gradients = tape.gradient(loss, model.trainable_variables)
        norms.append(sorted(float(tf.norm(g)) for g in gradients if g is not None))
    np.testing.assert_allclose(norms[0], norms[1], atol=1e-3)
