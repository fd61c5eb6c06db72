from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from rasa_randconn.autodiff import StoredLayer
from rasa_randconn.connections import PATTERNS, sample_connectivity
from rasa_randconn.storage import (
    FORMAT_VERSION,
    ModelFileError,
    read_weights,
    write_weights,
)

every_pattern = pytest.mark.parametrize("pattern", PATTERNS)


def model(pattern, density=0.2):
    """Variables and layers as a small model has them."""
    generator = np.random.default_rng(0)
    layers, variables = {}, {}
    for seed, (path, inputs, units) in enumerate(
        [("text/layer_0/query", 64, 48), ("text/layer_0/query_2", 13, 300)]
    ):
        connectivity = sample_connectivity(pattern, inputs, units, density, seed)
        layers[path] = StoredLayer(connectivity, density)
        kernel = generator.normal(size=connectivity.count).astype(np.float32)
        variables[f"{path}/kernel"] = kernel
        variables[f"{path}/bias"] = generator.normal(size=units).astype(np.float32)
    variables["text/norm/gamma"] = np.ones(48, np.float32)
    variables["sparse_to_dense/kernel"] = generator.normal(size=(9, 4))
    variables["not_contiguous"] = np.arange(6, dtype=np.int64).reshape(2, 3).T
    return variables, layers


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.safetensors"


@every_pattern
@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_what_is_written_is_read_back_exactly(path, pattern, density):
    variables, layers = model(pattern, density)
    write_weights(path, variables, layers)
    read_variables, read_layers = read_weights(path)

    assert set(read_variables) == set(variables)
    for name, array in variables.items():
        assert read_variables[name].dtype == array.dtype
        np.testing.assert_array_equal(read_variables[name], array)
    assert set(read_layers) == set(layers)
    for name, (connectivity, layer_density) in layers.items():
        read = read_layers[name]
        assert read.density == layer_density
        assert type(read.connectivity) is type(connectivity)
        np.testing.assert_array_equal(
            read.connectivity.indices(), connectivity.indices()
        )


def test_a_model_without_randomly_connected_layers_is_stored_as_well(path):
    write_weights(path, {"a/kernel": np.eye(3)}, {})
    variables, layers = read_weights(path)
    np.testing.assert_array_equal(variables["a/kernel"], np.eye(3))
    assert not layers


@every_pattern
def test_the_header_lists_the_facts_of_every_layer(path, pattern):
    variables, layers = model(pattern)
    write_weights(path, variables, layers)
    with safetensors.safe_open(str(path), framework="np") as file:
        metadata = file.metadata()
        sizes = {name: file.get_tensor(name).nbytes for name in file.keys()}
    assert metadata["format"] == "rasa_randconn.weights"
    assert metadata["format_version"] == str(FORMAT_VERSION)
    facts = json.loads(metadata["layers"])
    assert [fact["name"] for fact in facts] == list(layers)
    for fact in facts:
        connectivity, density = layers[fact["name"]]
        own = {n: size for n, size in sizes.items() if n.startswith(fact["name"] + "/")}
        assert len(own) == 4  # kernel, bias and two arrays of connections
        assert fact == {
            "name": fact["name"],
            "inputs": connectivity.inputs,
            "units": connectivity.units,
            "density": density,
            "pattern": pattern,
            "connections": connectivity.count,
            "bytes": sum(own.values()),
        }


@every_pattern
def test_neither_masks_nor_dense_kernels_are_stored(path, pattern):
    connectivity = sample_connectivity(pattern, 64, 48, 0.2, 1)
    kernel = np.ones(connectivity.count, np.float32)
    layers = {"a": StoredLayer(connectivity, 0.2)}
    write_weights(path, {"a/kernel": kernel}, layers)
    arrays = safetensors.numpy.load_file(str(path))
    assert max(array.size for array in arrays.values()) == connectivity.count
    # The connections cost a byte per weight at most, a dense kernel five times as much.
    assert path.stat().st_size < 64 * 48 * 4 / 2


def truncated(path):
    path.write_bytes(path.read_bytes()[:-100])


def header_only(path):
    path.write_bytes(path.read_bytes()[:200])


def foreign(path):
    safetensors.numpy.save_file({"a": np.ones(3)}, str(path), {"format": "pt"})


def without_metadata(path):
    safetensors.numpy.save_file({"a": np.ones(3)}, str(path))


def edited(path, edit):
    """Writes the file again with changed arrays and facts."""
    with safetensors.safe_open(str(path), framework="np") as file:
        metadata = file.metadata()
    arrays = safetensors.numpy.load_file(str(path))
    facts = json.loads(metadata["layers"])
    edit(arrays, facts)
    metadata["layers"] = json.dumps(facts)
    safetensors.numpy.save_file(arrays, str(path), metadata)


def drop_connections(arrays, facts):
    for name in [name for name in arrays if "/connections/" in name]:
        del arrays[name]


def zero_connections(arrays, facts):
    for name in arrays:
        if name.endswith("_indices"):
            arrays[name] = np.zeros_like(arrays[name])


@pytest.mark.parametrize(
    "damage",
    [
        truncated,
        header_only,
        foreign,
        without_metadata,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x00\xffgarbage" * 50),
        Path.unlink,
        lambda path: edited(path, lambda arrays, facts: facts.append("no facts")),
        lambda path: edited(path, lambda arrays, facts: facts[0].pop("inputs")),
        lambda path: edited(path, lambda arrays, facts: facts[0].update(inputs=65)),
        lambda path: edited(path, lambda arrays, facts: facts[0].update(units="48")),
        lambda path: edited(path, lambda arrays, facts: facts[0].update(pattern="x")),
        lambda path: edited(path, drop_connections),
        lambda path: edited(path, zero_connections),
    ],
    ids=[
        "truncated",
        "header only",
        "foreign",
        "without metadata",
        "empty",
        "garbage",
        "missing",
        "no facts",
        "a fact missing",
        "wrong inputs",
        "text as units",
        "unknown pattern",
        "connections missing",
        "connections overwritten",
    ],
)
@every_pattern
def test_damaged_files_are_refused_by_name(path, pattern, damage):
    write_weights(path, *model(pattern))
    damage(path)
    with pytest.raises(ModelFileError, match=r"'weights\.safetensors'"):
        read_weights(path)


def test_a_scalar_keeps_its_shape(tmp_path):
    path = tmp_path / "scalar.weights.safetensors"
    write_weights(path, {"a/step": np.array(3.0)}, {})
    assert read_weights(path)[0]["a/step"].shape == ()


def test_a_kernel_that_does_not_fit_its_connections_is_refused(tmp_path):
    path = tmp_path / "kernel.weights.safetensors"
    connectivity = sample_connectivity("grouped", 8, 8, 0.25, 1)
    kernel = np.zeros(connectivity.count + 1, dtype=np.float32)
    write_weights(path, {"a/kernel": kernel}, {"a": StoredLayer(connectivity, 0.25)})
    with pytest.raises(ModelFileError, match="as many connections"):
        read_weights(path)
