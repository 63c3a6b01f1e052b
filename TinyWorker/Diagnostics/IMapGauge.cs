namespace TinyWorker.Diagnostics;

/// <summary>A map as an explanation of its troupe sees it. Read by any thread while the map goes on: the values may be a moment
/// old.</summary>
internal interface IMapGauge
{
    /// <summary>How many items were read and not yet yielded.</summary>
    int Count { get; }

    /// <summary>How many there may be.</summary>
    int Size { get; }

    bool HasRoom { get; }

    MapWait WaitsFor { get; }
}

/// <summary>What a map waits for.</summary>
internal enum MapWait
{
    /// <summary>The consumer: it does its own work, or has not asked for anything yet.</summary>
    Consumer,

    /// <summary>The source.</summary>
    Source,

    /// <summary>A task.</summary>
    Task,
}
