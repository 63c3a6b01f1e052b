namespace TinyWorker;

/// <summary>The workers are asynchronous loops on the shared thread pool. For many workers that mostly await.</summary>
public sealed record PoolTroupeOptions : TinyTroupeOptions;
