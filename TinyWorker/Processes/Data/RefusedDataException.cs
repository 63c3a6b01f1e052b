using System.Text.Json;

namespace TinyWorker.Processes.Data;

/// <summary>
/// Ends the writing of a value that would not arrive whole, from any depth. It derives from <see cref="JsonException"/> because
/// System.Text.Json tells such exceptions where in the value they were thrown. It never leaves <see cref="JsonPayloadSerializer"/> and the
/// description of functions.
/// </summary>
#pragma warning disable CA1032 // Made by the rules of this folder alone.
internal sealed class RefusedDataException(string reason) : JsonException(reason);
#pragma warning restore CA1032
