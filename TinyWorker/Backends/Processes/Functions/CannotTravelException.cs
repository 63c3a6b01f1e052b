namespace TinyWorker.Backends.Processes.Functions;

/// <summary>Ends the description of a function from whatever depth; never leaves <see cref="TravellingFunction.Describe"/>.</summary>
#pragma warning disable CA1032 // Made by the writer alone.
internal sealed class CannotTravelException(string message, Exception? cause = null) : Exception(message, cause);
#pragma warning restore CA1032
