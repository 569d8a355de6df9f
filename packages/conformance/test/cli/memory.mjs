export { memoryHarness as harness } from '@rb/conformance/reference';
