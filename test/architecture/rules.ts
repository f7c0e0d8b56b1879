/** All rules by name, for the test of the house and the test of the rules themselves. */
import type { Rule } from './files.js';
import * as habits from './habits.js';
import * as layers from './layers.js';
import * as native from './native.js';

export const rules = {
  layerOrder: layers.layerOrder,
  addonIsHidden: layers.addonIsHidden,
  srcStandsAlone: layers.srcStandsAlone,
  othersKeepToTheirSide: layers.othersKeepToTheirSide,
  noCircles: layers.noCircles,
  nativeOrder: native.nativeOrder,
  onlyBindingKnowsNode: native.onlyBindingKnowsNode,
  noExternalMemory: native.noExternalMemory,
  noIncludeCircles: native.noIncludeCircles,
  kernelsOnlyCompute: native.kernelsOnlyCompute,
  regionsAreClean: native.regionsAreClean,
  shortFiles: habits.shortFiles,
  typesAreChecked: habits.typesAreChecked,
  noLeftovers: habits.noLeftovers,
  noMachinePaths: habits.noMachinePaths,
  noFastMath: habits.noFastMath,
  noRealmOfItsOwn: habits.noRealmOfItsOwn,
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;
