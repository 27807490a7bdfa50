"""Models of astropy, gwcs and the pipeline, made of a WCS's nodes by their own converters.

asdf loads the converters of every installed package before it makes the first model, which takes longer than everything
else about a file. Here the few that exposures need are called; what they cannot make is left to asdf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache, partial
from importlib.metadata import entry_points
from typing import Any

from atm_viewer.engine.checks.asdf_check import load_tags
from atm_viewer.engine.threads import loading

#: Beginnings of the names of packages whose plug-ins of asdf exposures and cubes need.
_PLUGINS = ("asdf", "gwcs", "jwst", "stdatamodels", "stpipe")


def make_model(node: Any, made: dict[int, Any] | None = None) -> Any:
    """Make the model that a node stands for.

    Parameters
    ----------
    node : mapping
        A transform, as `read_tree` gives it.
    made : dict of int to object, optional
        By ``id`` of a node: what was made of other parts of the same tree, so that it is not made again. What is made
        here is added.

    Returns
    -------
    Model
        Of astropy, gwcs, or the pipeline.
    """
    try:
        return _Maker({} if made is None else made).make(node)
    except Exception:  # converters raise anything where a node is not what they expect
        return _by_asdf(node)


@loading()
def load_libraries() -> None:
    """Load what reads a WCS and makes models of it, as far as that is installed."""
    with suppress(Exception):  # whoever uses it meets the same failure, and can do without some of it
        import scipy.interpolate  # noqa: F401

        _load_converters()
        load_tags()


@loading()
def load_datamodels() -> None:
    """Load what opens datamodels, and asdf's plug-ins: all of them, which takes seconds, unless in `few_plugins`."""
    import asdf
    from stdatamodels.jwst import datamodels  # noqa: F401

    config = asdf.get_config()
    with _compiled_yaml():
        _ = config.resource_manager, config.extensions


@contextmanager
def few_plugins() -> Iterator[None]:
    """Have asdf load, on this thread, only the plug-ins that exposures and cubes need.

    Those for other kinds of spectra and images take as long to load as cubes to be written.
    """
    with loading():
        import asdf
        from asdf.extension import ExtensionProxy
        from asdf.resource import ResourceMappingProxy

    with asdf.config_context() as config:
        # asdf fills these itself while they are None, and has no other way to leave plug-ins out. The mappings come
        # first: extensions look things up in them while they are loaded.
        try:
            mappings = _plugins("asdf.resource_mappings", ResourceMappingProxy)
            config._resource_manager, config._resource_mappings = None, mappings
            config._extensions = _plugins("asdf.extensions", ExtensionProxy)
        except Exception:  # asdf warns of a plug-in that fails, and loads the others
            config._resource_manager = config._resource_mappings = config._extensions = None
        with _schemas_once():
            yield


@contextmanager
def _schemas_once() -> Iterator[None]:
    """Have asdf parse each schema once for the while; it does so each time that one schema refers to another."""
    from asdf import schema

    own = getattr(schema, "_make_schema_loader", None)
    if own is None:
        yield
        return
    load = cache(own())
    schema._make_schema_loader = lambda: load
    try:
        yield
    finally:
        schema._make_schema_loader = own


@cache
@loading()
def _plugins(group: str, proxy: Any) -> list[Any]:
    """Plug-ins of the packages that count, in asdf's order: its own come last."""
    points = {(point.dist.name, point.value): point for point in entry_points(group=group) if point.dist is not None}
    ours = [(p.dist.name, p.dist.version, p) for (name, _), p in points.items() if p.dist and name.startswith(_PLUGINS)]
    ours.sort(key=lambda one: (one[0] == "asdf", one[0]))
    with _compiled_yaml():
        return [proxy(made, name, version) for name, version, point in ours for made in point.load()()]


@contextmanager
def _compiled_yaml() -> Iterator[None]:
    """Have ``yaml.safe_load`` use compiled code for the while; without, the plug-ins' lists of tags take 0.25 s."""
    import yaml

    own, loader = yaml.safe_load, getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    yaml.safe_load = partial(yaml.load, Loader=loader)
    try:
        yield
    finally:
        yaml.safe_load = own


@cache
@loading()
def _load_converters() -> tuple[Any, ...]:
    """Load the converters that exposures need; those that this installation has."""
    return tuple(_converters())


def _converters() -> Iterator[Any]:
    from asdf_astropy import converters as astropy
    from gwcs.converters import geometry, selector, spectroscopy
    from stdatamodels.jwst.transforms.converters import jwst_models

    simple = {
        "affine": "projections.AffineTransformation2D",
        "rotate2d": "rotations.Rotation2D",
        "scale": "functional_models.Scale",
        "shift": "functional_models.Shift",
    }
    for tag, name in simple.items():
        yield astropy.SimpleTransformConverter([f"tag:stsci.edu:asdf/transform/{tag}-*"], f"astropy.modeling.{name}")
    of_astropy = (
        "Compound",
        "CompoundBoundingBox",
        "Constant",
        "Identity",
        "ModelBoundingBox",
        "Polynomial",
        "RemapAxes",
    )
    of_pipeline = ("Coords", "Logical", "MIRI_AB2Slice", "RefractionIndex", "Rotation3DToGWA", "Snell")
    for module, names in (
        (astropy, (*of_astropy, "RotationSequence", "Tabular", "Unit", "Quantity")),
        (geometry, ("SphericalCartesian",)),
        (selector, ("LabelMapper", "RegionsSelector")),
        (spectroscopy, ("GratingEquation",)),
        (jwst_models, of_pipeline),
    ):
        for name in names:
            if hasattr(module, f"{name}Converter"):
                yield getattr(module, f"{name}Converter")()


@cache
def _converter(tag: str) -> Any:
    from asdf.util import uri_match

    for converter in _load_converters():
        if any(uri_match(pattern, tag) for pattern in converter.tags):
            return converter
    raise LookupError(tag)


class _Maker:
    def __init__(self, made: dict[int, Any]) -> None:
        self._made = made

    def make(self, part: Any) -> Any:
        """Make what a part of a tree stands for, parts of it first; what is shared stays shared."""
        if id(part) not in self._made:
            self._made[id(part)] = self._converted(part)
        return self._made[id(part)]

    def _converted(self, part: Any) -> Any:
        tag, plain = getattr(part, "_tag", None), part
        if isinstance(part, Mapping):
            plain = {key: self.make(value) for key, value in part.items()}
        elif isinstance(part, list):
            plain = [self.make(value) for value in part]
        elif tag is not None:
            plain = part.data
        if tag is None:
            return plain
        made = _converter(tag).from_yaml_tree(plain, tag, None)
        if isinstance(made, Iterator):
            made, *_ = made  # it adds to the model after it has given it
        return made


@loading()
def _by_asdf(node: Any) -> Any:
    import asdf
    from asdf import yamlutil

    return yamlutil.tagged_tree_to_custom_tree(node, asdf.AsdfFile(ignore_unrecognized_tag=True))
