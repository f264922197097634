/**
 * The one file that knows the UI toolkit (archived upstream): its successor is a change here. After `registerControls`
 * a page may use <vscode-button> and <vscode-progress-ring>.
 */
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());
}
