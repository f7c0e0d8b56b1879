"""Trains a small network in PyTorch and saves it in both forms, with what it answers: python make_model.py"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

folder = Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)

# Is a point nearer to the left, the right or the upper corner of a triangle?
corners = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5]])
points = torch.randn(512, 2)
labels = torch.cdist(points, corners).argmin(1)

model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(100):
    loss = nn.functional.cross_entropy(model(points), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

torch.save({"epoch": epoch + 1, "model": model.state_dict()}, folder / "checkpoint.pt")
save_file(model.state_dict(), folder / "model.safetensors", metadata={"format": "pt", "trained": "100 epochs"})
inputs = torch.randn(20, 2)
outputs = model(inputs).detach()
save_file({"inputs": inputs, "outputs": outputs}, folder / "answers.safetensors")
