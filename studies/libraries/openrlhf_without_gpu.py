"""What OpenRLHF's modules import of flash-attn and vLLM, which want a GPU: names that stand in for them, never called.
To be imported first."""

import importlib.machinery
import sys
import types


def stand_in(name, **names):
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__dict__.update(names)
    sys.modules[name] = module
    return module


padding = stand_in(
    "flash_attn.bert_padding", **dict.fromkeys(("index_first_axis", "pad_input", "rearrange", "unpad_input"))
)
stand_in("flash_attn", bert_padding=padding)
stand_in("flash_attn.utils", distributed=stand_in("flash_attn.utils.distributed", all_gather=None))
stand_in("openrlhf.trainer.ray", __path__=[])  # its package imports vLLM
stand_in("openrlhf.trainer.ray.launcher", RayActorGroup=object)
