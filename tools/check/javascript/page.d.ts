/* What a page's classic scripts share as globals: a page opened from file:// loads no modules, so there are no imports. */
interface Window {
  pgFigure(id: string, value: any): void;
  pgFrames(id: string, found: any): void;
  pgPyodide: any;
  loadPyodide(options: any): Promise<any>;
}
declare function pgWork(page: string, originals: any, version: string, heard: (event: string, ...what: any[]) => void): any;
declare var pgSearch: any;                      // search-core.js, on the search page
declare function importScripts(...addresses: string[]): void;
