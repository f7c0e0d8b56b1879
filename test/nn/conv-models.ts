/** The networks of test/golden/makers/conv_training.py. */
import { nn, type Tensor } from '../../src/index.js';

/** Without layers of other concepts: strides in place of pools. */
function strided(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { stride: 2, padding: 2 }),
    new nn.ReLU(),
    new nn.Dropout2d(0.25),
    new nn.Conv2d(6, 12, 3, { stride: 2, padding: 'valid', groups: 2 }),
    new nn.ReLU(),
    new nn.AlphaDropout(0.1),
    new nn.ConvTranspose2d(12, 8, 2, { stride: 2 }),
    new nn.ReLU(),
    new nn.Conv2d(8, 4, 3, { padding: 'same', paddingMode: 'circular' }),
    new nn.Flatten(),
    new nn.Linear(4 * 12 * 12, 10),
  );
}

/** The network of the CNN benchmark with fewer channels, but enough for Winograd in the second convolution. */
function cnn(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(32, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout2d(0.25),
    new nn.Flatten(),
    new nn.Linear(32 * 49, 32),
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(32, 10),
  );
}

/** The basic block of ResNet: He et al., Deep Residual Learning for Image Recognition (CVPR 2016). */
class Block extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly shortcut: nn.Module;

  constructor(ins: number, outs: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(ins, outs, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(outs);
    this.conv2 = new nn.Conv2d(outs, outs, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(outs);
    this.shortcut =
      stride === 1 && ins === outs
        ? new nn.Identity()
        : new nn.Sequential(new nn.Conv2d(ins, outs, 1, { stride, bias: false }), new nn.BatchNorm2d(outs));
  }

  override forward(x: Tensor): Tensor {
    const y = this.bn1.forward(this.conv1.forward(x)).relu();
    return this.bn2.forward(this.conv2.forward(y)).add(this.shortcut.forward(x)).relu();
  }
}

class Mean extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.mean({ dim: [2, 3] });
  }
}

function resnet(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { padding: 1, bias: false }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new Block(8, 8, 1),
    new Block(8, 16, 2),
    new Block(16, 32, 2),
    new Mean(),
    new nn.Linear(32, 10),
  );
}

/** The block of MobileNet, depthwise, then pointwise: Howard et al., MobileNets (2017). */
const separable = (ins: number, outs: number, stride: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(ins, ins, 3, { stride, padding: 1, groups: ins, bias: false }),
    new nn.BatchNorm2d(ins),
    new nn.ReLU(),
    new nn.Conv2d(ins, outs, 1, { bias: false }),
    new nn.BatchNorm2d(outs),
    new nn.ReLU(),
  );

function mobilenet(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 3, { stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    separable(8, 16, 1),
    separable(16, 24, 2),
    new Mean(),
    new nn.Linear(24, 10),
  );
}

export const convModels: Readonly<Record<string, () => nn.Sequential>> = { strided, cnn, resnet, mobilenet };
