using Microsoft.Extensions.Logging;

namespace TinyWorker.Futures;

/// <summary>What a future needs of its troupe, whatever the types of the troupe's tasks.</summary>
internal interface IFutureOwner
{
    string Name { get; }

    ILogger Logger { get; }

    TimeProvider TimeProvider { get; }

    /// <summary>The faults of its tasks at which nobody has looked.</summary>
    UnobservedFaults Unobserved { get; }

    /// <summary>Whether workers of that troupe run its tasks: of itself, or of one that it is composed of.</summary>
    bool IsWorkedBy(IFutureOwner troupe);
}
