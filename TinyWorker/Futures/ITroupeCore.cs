using Microsoft.Extensions.Logging;

namespace TinyWorker.Futures;

/// <summary>What a future needs to know of the troupe that it belongs to, whatever the types of that troupe.</summary>
internal interface ITroupeCore
{
    string Name { get; }

    ILogger Logger { get; }

    TimeProvider TimeProvider { get; }
}
