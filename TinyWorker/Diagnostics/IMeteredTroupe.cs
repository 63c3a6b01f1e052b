namespace TinyWorker.Diagnostics;

/// <summary>A troupe as the meter sees it.</summary>
internal interface IMeteredTroupe
{
    string Name { get; }

    TroupeLevels Levels();
}
