namespace TinyWorker.Dashboard.State;

// The JSON of a POST to `control`.
//
// Troupe: Its id.
// Action: pause, resume, resize, recycle or cancel.
// Workers: How many, for resize.
// Worker: The index, for recycle and cancel.
// Task: LongestState.Task, for cancel.
internal sealed record ControlRequest(int? Troupe, string? Action, int? Workers, int? Worker, long? Task);
