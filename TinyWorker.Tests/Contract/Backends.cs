namespace TinyWorker.Tests.Contract;

[TestFixture]
public sealed partial class ThreadContract : BackgroundTroupeContract
{
    protected override TinyTroupeOptions Backend => new ThreadTroupeOptions();
}

[TestFixture]
public sealed class PoolContract : BackgroundTroupeContract
{
    protected override TinyTroupeOptions Backend => new PoolTroupeOptions();
}

[TestFixture]
public sealed partial class InlineContract : TroupeContract
{
    protected override TinyTroupeOptions Backend => new InlineTroupeOptions();
}
