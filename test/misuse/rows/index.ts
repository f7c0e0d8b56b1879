/** The table of bad input. */
import type { Row } from '../row.js';
import { activationRows } from './activations.js';
import { attentionRows } from './attention.js';
import { autogradRows } from './autograd.js';
import { compileRows } from './compile.js';
import { containerRows } from './containers.js';
import { creationRows } from './creation.js';
import { dataRows } from './data.js';
import { eachLayerRows } from './each-layer.js';
import { functionRows } from './functions.js';
import { inPlaceRows } from './in-place.js';
import { initRows } from './init.js';
import { layerRows } from './layers.js';
import { lossRows } from './losses.js';
import { movingRows } from './moving.js';
import { nnRows } from './nn.js';
import { utilRows } from './nn-utils.js';
import { normRows } from './norms.js';
import { optimRows } from './optim.js';
import { optimizerRows } from './optimizers.js';
import { optionRows } from './options.js';
import { orderRows } from './order.js';
import { poolingRows } from './pooling.js';
import { productRows } from './products.js';
import { recurrentRows } from './recurrent.js';
import { samplerRows } from './samplers.js';
import { schedulerRows } from './schedulers.js';
import { settingRows } from './settings.js';
import { shapeRows } from './shapes.js';
import { sizeRows } from './sizes.js';
import { spaceRows } from './space.js';
import { spaceLayerRows } from './space-layers.js';
import { tableRows } from './tables.js';
import { vectorTableRows } from './tables-of-vectors.js';
import { toolRows } from './tools.js';
import { trainRows } from './train.js';
import { transformRows } from './transforms.js';

export const rows: readonly Row[] = [
  ...sizeRows,
  ...creationRows,
  ...functionRows,
  ...shapeRows,
  ...movingRows,
  ...inPlaceRows,
  ...orderRows,
  ...productRows,
  ...autogradRows,
  ...nnRows,
  ...layerRows,
  ...spaceRows,
  ...spaceLayerRows,
  ...activationRows,
  ...recurrentRows,
  ...poolingRows,
  ...normRows,
  ...lossRows,
  ...initRows,
  ...vectorTableRows,
  ...attentionRows,
  ...containerRows,
  ...optimRows,
  ...optimizerRows,
  ...dataRows,
  ...transformRows,
  ...tableRows,
  ...compileRows,
  ...settingRows,
  ...trainRows,
  ...optionRows,
  ...samplerRows,
  ...utilRows,
  ...schedulerRows,
  ...eachLayerRows,
  ...toolRows,
];
