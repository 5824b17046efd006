"""LoRA steps of transformers and PEFT on a GPU, beside those of check.sh:  python3 tools/gpu/lora_peer.py MODEL

MODEL is a folder with config.json; weights are random. Rank 8 on all projections, bfloat16, four texts of 2,048 tokens a step, attention by
libtorch's own flash kernel. Prints one JSON object: tokens a second over ten steps, and the most memory.
"""

import json
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

WARM_UPS, STEPS, TEXTS, TOKENS = 3, 10, 4, 2048
MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main():
    config = AutoConfig.from_pretrained(sys.argv[1])
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16, attn_implementation="sdpa").cuda()
    model = get_peft_model(base, LoraConfig(r=8, lora_alpha=16, target_modules=MODULES))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=3e-4, fused=True)
    tokens = torch.randint(0, config.vocab_size, (TEXTS, TOKENS), device="cuda")

    def step():
        model(input_ids=tokens, labels=tokens).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(WARM_UPS):
        step()
    torch.cuda.synchronize()
    began = time.time()
    for _ in range(STEPS):
        step()
    torch.cuda.synchronize()
    seconds = (time.time() - began) / STEPS
    print(json.dumps({"tokens_per_second": TEXTS * TOKENS / seconds, "step_seconds": seconds,
                      "memory_gb": torch.cuda.max_memory_allocated() / 1e9}))


if __name__ == "__main__":
    main()
