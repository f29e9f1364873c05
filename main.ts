import { App } from 'cdk8s';
import { grafana } from './examples/grafana/chart.ts';

// `cdk8s synth` empties this directory first; see cdk8s.yaml.
const output = process.env.CDK8S_OUTDIR ?? 'charts-out';

const manifests = new App({ outdir: `${output}/manifests` });
grafana(manifests);
manifests.synth();
